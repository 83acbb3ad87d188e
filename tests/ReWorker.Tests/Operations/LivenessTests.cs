using Microsoft.Extensions.Time.Testing;
using ReWorker.Health;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>Liveness fails if the supervisor hangs, so that the process is restarted.</summary>
public sealed class LivenessTests
{
    [Fact]
    public void Parts_SupervisorHangs_ShowItAndSinceWhen()
    {
        var time = new FakeTimeProvider();
        var health = new HealthState(Microsoft.Extensions.Options.Options.Create(new BrokerOptions()), time);
        health.Set(HealthState.Connection, true, "connected");
        time.Advance(TimeSpan.FromSeconds(20));
        health.Tick();
        var alive = health.Parts["supervisor"];
        var last = time.GetUtcNow();

        time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(alive.IsHealthy);
        Assert.False(health.IsLive);
        Assert.False(health.IsReady);
        Assert.Equal((false, last), (health.Parts["supervisor"].IsHealthy, health.Parts["supervisor"].Since));
        Assert.Contains("hangs", health.Parts["supervisor"].Detail, StringComparison.Ordinal);
    }
}
