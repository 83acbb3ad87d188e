using System.Diagnostics;

namespace ReWorker.Templates.Tests;

/// <summary>A broker of the test's own, from broker.sh.</summary>
internal sealed class BrokerScript : IAsyncDisposable
{
    private readonly Process _process;

    private BrokerScript(Process process, Uri amqp) => (_process, Amqp) = (process, amqp);

    public Uri Amqp { get; }

    public static async Task<BrokerScript> StartAsync()
    {
        const string server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        Assert.SkipUnless(File.Exists(server), "needs the distribution's rabbitmq-server");
        var start = new ProcessStartInfo(Repository.At("broker.sh"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var uri = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        if (uri is null) throw new InvalidOperationException("broker.sh started no broker");
        return new BrokerScript(process, new Uri(uri));
    }

    /// <summary>The script stops the broker when its input ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
