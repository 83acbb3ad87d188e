using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ReWorker.Client;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A client in a host uses the host's settings, time and log.</summary>
public sealed class ClientRegistrationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddJobClient_ConfirmTimeoutInTheSettings_IsUsed()
    {
        var time = new RecordingTime();
        var source = new FakeSource(time);
        using var log = new LogRecords();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton<ConnectionSource>(source).AddSingleton<TimeProvider>(time);
        builder.Services.Configure<BrokerOptions>(options => options.ConfirmTimeout = TimeSpan.FromSeconds(7));
        builder.AddJobClient(options => options.FollowOutput = false);
        using var host = builder.Build();
        await using var client = host.Services.GetRequiredService<JobClient>();
        Assert.Same(client, host.Services.GetRequiredService<JobClient>());

        await client.ConnectAsync(TimeSpan.FromSeconds(1), Cancel);
        source.Connections.Single(one => one.Name == "requester").Channels[0].OnCall =
            call => call.Method == "BasicPublishAsync" ? Task.Delay(Timeout.Infinite, Cancel) : null;
        var before = time.Delays.Count(delay => delay == TimeSpan.FromSeconds(7));
        _ = client.RunAsync(new() { Queue = "q" }, Cancel);
        await time.TimerAsync(TimeSpan.FromSeconds(7), before + 1);
        time.Advance(TimeSpan.FromSeconds(7));

        var record = await log.WaitAsync(80, Cancel);
        Assert.Equal(
            (LogLevel.Warning, "Jobs and replies wait for the broker: lost amqp://guest@localhost:5672/%2F: " +
                "a job was not confirmed within 7 s"),
            (record.Level, record.Message));
        Assert.Equal(typeof(JobClient).FullName, record.Category);
        Assert.DoesNotContain(
            source.Connections.SelectMany(one => one.Channels), one => one.CallsOf("QueueBindAsync").Any());
    }

    [Fact]
    public void AddJobClient_OptionsInvalid_IsRejectedWhenTheClientIsMade()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.AddJobClient(options => options.ReplyQueueLifetime = TimeSpan.Zero);
        using var host = builder.Build();

        Assert.Throws<ArgumentException>(host.Services.GetRequiredService<JobClient>);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://u:s3cr3t@host/")]
    public void JobClient_InvalidUri_IsRejectedWithoutRepeatingIt(string uri)
    {
        var error = Assert.Throws<ArgumentException>(() => new JobClient(uri));

        Assert.Equal($"the URI is {BrokerUri.NotValid}", error.Message);
    }

    /// <summary>Nothing listens on port 1.</summary>
    [Fact]
    public async Task JobClient_ValidUri_ConnectsOnlyWhenAJobIsSent()
    {
        await using var client = new JobClient("amqp://127.0.0.1:1");
        var options = new JobClientOptions { ReplyQueueLifetime = TimeSpan.Zero };

        Assert.Throws<ArgumentException>(() => new JobClient("amqp://127.0.0.1:1", options));
    }
}
