using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Health;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>When a worker is ready and when it is live, what each part shows, and since when.</summary>
public sealed class HealthStateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Ready_NothingIsKnownYet_IsFalse()
    {
        var health = Create();

        Assert.Equal((false, true), (health.IsReady, health.IsLive));
    }

    [Fact]
    public void Ready_OnePartOfTwoIsUnhealthy_IsFalse()
    {
        var health = Create();
        health.Set(HealthState.Connection, true, "");
        var before = health.IsReady;

        health.Set(HealthState.Queue("worker.a"), false, "");

        Assert.Equal((true, false), (before, health.IsReady));
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(10, 20)]
    [InlineData(15, 25)]
    [InlineData(300, 310)]
    public void Live_TheSupervisorIsSilent_EndsAfterItsLongestStep(int connectTimeout, int seconds)
    {
        var health = Create(connectTimeout);
        health.Set(HealthState.Connection, true, "");
        _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        var before = (health.IsLive, health.IsReady);

        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(((true, true), (false, false)), (before, (health.IsLive, health.IsReady)));
        health.Tick();
        Assert.Equal((true, true), (health.IsLive, health.IsReady));
    }

    [Fact]
    public void Part_ItsStateStays_KeepsItsTimeAndTakesTheNewDetail()
    {
        var health = Create();
        health.Set(HealthState.Broker, false, "low on memory");
        var since = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(5));

        health.Set(HealthState.Broker, false, "low on disk");

        Assert.Equal(new PartHealth(false, "low on disk", since), health.Parts[HealthState.Broker]);
    }

    [Fact]
    public void Part_ItsStateChanges_IsNewSinceThen()
    {
        var health = Create();
        health.Set(HealthState.Broker, false, "low on memory");
        _time.Advance(TimeSpan.FromSeconds(5));

        health.Set(HealthState.Broker, true, "accepts messages");

        Assert.Equal(new PartHealth(true, "accepts messages", _time.GetUtcNow()), health.Parts[HealthState.Broker]);
    }

    [Fact]
    public void Supervisor_AsAPart_ShowsSinceWhenItRunsOrHangs()
    {
        var startedAt = _time.GetUtcNow();
        var health = Create();
        _time.Advance(TimeSpan.FromSeconds(7));
        health.Tick();
        var (running, lastTick) = (health.Parts[HealthState.Supervisor], _time.GetUtcNow());

        _time.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(new PartHealth(true, "running", startedAt), running);
        Assert.Equal(
            new PartHealth(false, "hangs: restart the process", lastTick), health.Parts[HealthState.Supervisor]);
    }

    [Fact]
    public void Connected_IsTheHealthOfTheConnection()
    {
        var health = Create();
        var before = (health.IsConnected, health.IsHealthy("queue worker.a"));
        health.Set(HealthState.Connection, true, "");
        health.Set("queue worker.a", false, "");

        Assert.Equal((false, false), before);
        Assert.Equal((true, false), (health.IsConnected, health.IsHealthy(HealthState.Queue("worker.a"))));
    }

    [Theory]
    [InlineData("ready", true, false, HealthStatus.Healthy, "broker, supervisor")]
    [InlineData("ready", false, false, HealthStatus.Unhealthy, "broker, supervisor")]
    [InlineData("live", false, false, HealthStatus.Healthy, "supervisor")]
    [InlineData("ready", true, true, HealthStatus.Unhealthy, "broker, supervisor")]
    [InlineData("live", true, true, HealthStatus.Unhealthy, "supervisor")]
    public async Task Check_WithATag_AnswersForThatTag(
        string tag, bool isHealthy, bool hangs, HealthStatus expected, string parts)
    {
        var health = Create();
        health.Set(HealthState.Broker, isHealthy, "");
        if (hangs) _time.Advance(TimeSpan.FromMinutes(1));
        var check = new WorkerHealthCheck(health);
        var registration = new HealthCheckRegistration("worker", check, null, [tag]);

        var result = await check.CheckHealthAsync(
            new HealthCheckContext { Registration = registration }, TestContext.Current.CancellationToken);

        Assert.Equal((expected, parts), (result.Status, string.Join(", ", result.Data.Keys.Order())));
        Assert.All(result.Data.Values, value => Assert.IsType<PartHealth>(value));
    }

    [Fact]
    public void Checks_OfAWorker_AreReadinessAndLiveness()
    {
        var services = new ServiceCollection();
        WorkerHealthCheck.AddTo(services.AddHealthChecks());
        using var provider = services.BuildServiceProvider();

        var checks = provider.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations;

        Assert.Equal(
            ["worker ready: ready", "worker live: live"],
            checks.Select(check => $"{check.Name}: {string.Join(' ', check.Tags)}"));
    }

    private HealthState Create(int connectTimeout = 15)
    {
        var options = new BrokerOptions { ConnectTimeout = TimeSpan.FromSeconds(connectTimeout) };
        return new HealthState(Microsoft.Extensions.Options.Options.Create(options), _time);
    }
}
