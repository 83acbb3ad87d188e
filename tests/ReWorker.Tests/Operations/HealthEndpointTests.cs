using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Health;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>The health endpoints' status codes and bodies, and which checks count.</summary>
public sealed class HealthEndpointTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 9, 12, 44, 100, TimeSpan.Zero));
    private readonly HealthState _health;
    private WebApplication? _app;

    public HealthEndpointTests()
    {
        _health = new HealthState(Microsoft.Extensions.Options.Options.Create(new BrokerOptions()), _time);
        _health.Set(HealthState.Connection, true, "connected");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_WorkerAndOwnChecksHealthy_Answers200WithAPartForEach()
    {
        await StartAsync(checks => checks.AddCheck("database", () => HealthCheckResult.Healthy("2 ms")));

        var (code, body) = await GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.OK, "healthy"), (code, body.GetProperty("status").GetString()));
        var parts = body.GetProperty("parts");
        Assert.Equal(["connection", "database", "supervisor"], PartNames(body));
        Assert.Equal("""{"status":"healthy","detail":"2 ms"}""", Compact(parts.GetProperty("database")));
        Assert.Equal(
            """{"status":"healthy","detail":"connected","since":"2026-05-04T09:12:44.100Z"}""",
            Compact(parts.GetProperty("connection")));
    }

    [Theory]
    [InlineData]
    [InlineData("ready")]
    [InlineData("database")]
    [InlineData("ready", "live")]
    public async Task Ready_OwnCheckFails_Answers503AndNamesIt(params string[] tags)
    {
        await StartAsync(checks => checks.AddCheck("database", () => HealthCheckResult.Unhealthy("no route"), tags));

        var (code, body) = await GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unhealthy"), (code, body.GetProperty("status").GetString()));
        var database = body.GetProperty("parts").GetProperty("database");
        Assert.Equal("""{"status":"unhealthy","detail":"no route"}""", Compact(database));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ready_OwnCheckThrowsOrGivesAnException_ShowsIt(bool throws)
    {
        var error = new InvalidOperationException("no password");
        await StartAsync(checks => checks.AddCheck(
            "database", () => throws ? throw error : HealthCheckResult.Unhealthy(exception: error)));

        var (code, body) = await GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        var database = body.GetProperty("parts").GetProperty("database");
        Assert.Equal("no password", database.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Ready_OwnCheckDegraded_Answers200()
    {
        await StartAsync(checks => checks.AddCheck("database", () => HealthCheckResult.Degraded("slow")));

        var (code, body) = await GetAsync("/health/ready");

        Assert.Equal((HttpStatusCode.OK, "degraded"), (code, body.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Live_OwnCheckFails_CountsOnlyIfTaggedLive()
    {
        await StartAsync(checks => checks
            .AddCheck("database", () => HealthCheckResult.Unhealthy("no route"))
            .AddCheck("deadlock", () => HealthCheckResult.Unhealthy("stuck"), tags: ["live"]));

        var (live, ready) = (await GetAsync("/health/live"), await GetAsync("/health/ready"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, live.Code);
        Assert.Equal(["deadlock", "supervisor"], PartNames(live.Body));
        Assert.DoesNotContain("deadlock", PartNames(ready.Body));
    }

    [Fact]
    public async Task Endpoints_NotConnected_AreNotReadyAndLive()
    {
        await StartAsync(_ => { });
        _health.Set(HealthState.Connection, false, "Connection refused");

        var (ready, live) = (await GetAsync("/health/ready"), await GetAsync("/health/live"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (ready.Code, live.Code));
        Assert.Equal(["connection", "supervisor"], PartNames(ready.Body));
        Assert.Equal(["supervisor"], PartNames(live.Body));
    }

    [Fact]
    public async Task Ready_OnePartUnhealthy_ShowsEachPartsOwnStatus()
    {
        await StartAsync(_ => { });
        _health.Set("worker.q", false, "the consumer was cancelled");

        var (code, body) = await GetAsync("/health/ready");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Equal(
            ["connection healthy", "supervisor healthy", "worker.q unhealthy"],
            body.GetProperty("parts").EnumerateObject()
                .Select(part => $"{part.Name} {part.Value.GetProperty("status").GetString()}"));
    }

    [Fact]
    public async Task Endpoints_SupervisorHangs_AreNotReadyAndNotLive()
    {
        await StartAsync(_ => { });
        _time.Advance(TimeSpan.FromMinutes(1));

        var (ready, live) = (await GetAsync("/health/ready"), await GetAsync("/health/live"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable), (ready.Code, live.Code));
    }

    [Fact]
    public void Build_OwnCheckWithoutATimeout_GetsOne()
    {
        using var app = WorkerHost.Build(
            ["--ConnectionStrings:rabbitmq=amqp://127.0.0.1:1/"], 0, host => host.Services.AddHealthChecks()
                .AddCheck("slow", () => HealthCheckResult.Healthy(), tags: [], timeout: TimeSpan.FromMinutes(1))
                .AddCheck("database", () => HealthCheckResult.Healthy()));

        var options = app.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>();

        var checks = options.Value.Registrations;
        Assert.Equal(TimeSpan.FromMinutes(1), checks.Single(check => check.Name == "slow").Timeout);
        Assert.All(
            checks.Where(check => check.Name != "slow"),
            check => Assert.Equal(TimeSpan.FromSeconds(3), check.Timeout));
        Assert.Equal(4, checks.Count);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }

    private async Task StartAsync(Action<IHealthChecksBuilder> checks)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(_health);
        checks(WorkerHealthCheck.AddTo(builder.Services.AddHealthChecks()));
        _app = builder.Build();
        _app.MapHealthChecks("/health/live", HealthEndpoints.Live);
        _app.MapHealthChecks("/health/ready", HealthEndpoints.Ready);
        await _app.StartAsync(Cancel);
    }

    private async Task<(HttpStatusCode Code, JsonElement Body)> GetAsync(string path)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(new Uri(_app!.Urls.Single()), path), Cancel);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync(Cancel)));
    }

    private static IEnumerable<string> PartNames(JsonElement body) =>
        body.GetProperty("parts").EnumerateObject().Select(part => part.Name);

    private static string Compact(JsonElement part) => JsonSerializer.Serialize(part);
}
