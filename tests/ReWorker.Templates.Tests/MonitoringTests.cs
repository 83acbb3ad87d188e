using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>What a scaffold brings for Prometheus, held against the real Prometheus and real workers.</summary>
public sealed partial class MonitoringTests(InstalledTemplates templates)
{
    private const string Image = "prom/prometheus:v3";

    /// <summary>One name in all of it, whatever the project and its queue are called.</summary>
    [Theory]
    [InlineData("MyStep", null)]
    [InlineData("Acme.Billing.Step", "invoices.new")]
    public async Task Rules_OfAScaffold_PassTheirTests(string name, string? queue)
    {
        await Docker.SkipWithoutAsync();
        var scaffold = await templates.Folder.NewAsync(name, queue is null ? [] : ["--queue", queue]);
        var mount = $"{scaffold.At("monitoring")}:/etc/prometheus:ro";

        await Docker.RunAsync("run", "--rm", "-v", mount, "--entrypoint", "promtool", Image, "check", "config", "/etc/prometheus/prometheus.yml");
        var said = await Docker.RunAsync("run", "--rm", "-v", mount, "--entrypoint", "promtool", Image, "test", "rules", "/etc/prometheus/alerts.test.yml");

        Assert.Contains("SUCCESS", said, StringComparison.Ordinal);
        Assert.Contains($"queue=\"worker.{queue ?? "mystep"}\"", scaffold.Read("monitoring", "alerts.yml"), StringComparison.Ordinal);
        Assert.Contains($"names: [{scaffold.Service}, output]", scaffold.Read("monitoring", "prometheus.yml"), StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_Each_IsTestedAndInTheOperatorsPage()
    {
        var alerts = Alerts().Order();
        var tests = File.ReadAllText(Repository.At("template", "monitoring", "alerts.test.yml"));
        var page = File.ReadAllText(Repository.At("docs", "operating.md"));

        Assert.All(alerts, alert =>
        {
            // it is seen to fire, and seen not to
            Assert.Matches($@"\{{ alertname: {alert}, eval_time: \w+ \}}", tests);
            Assert.Matches($@"- alertname: {alert}\n +eval_time: \w+\n +exp_alerts:", tests);
        });
        Assert.Equal(alerts, PageRow().Matches(page).Select(one => one.Groups[1].Value).Order());
    }

    [Fact]
    public async Task Prometheus_OfTheComposeFile_SeesEveryWorkerEveryRuleAndEveryQuery()
    {
        await Docker.SkipWithoutAsync();
        var scaffold = await templates.Folder.NewAsync("MyStep");
        await using var compose = new ComposeProject(scaffold.Folder);
        await compose.RunAsync("--profile", "monitoring", "up", "--detach", "--build", "--wait", "--quiet-pull", "--scale", "mystep=2");
        using var prometheus = new HttpClient { BaseAddress = new Uri($"http://{(await compose.RunAsync("port", "prometheus", "9090")).Trim()}/api/v1/") };
        Assert.Equal("127.0.0.1", prometheus.BaseAddress.Host);

        // something of everything: jobs that complete and fail, a requester that leaves early, a broker that drops its connections
        await compose.RunAsync("run", "--rm", "-T", "mystep", "submit", "--host", "a", "--dynamic", "environment=dev", "--quiet");
        await compose.RunAsync([1], "run", "--rm", "-T", "mystep", "submit", "--subcommand", "Fail", "--dynamic", "environment=dev", "--quiet");
        await compose.RunAsync([2], "run", "--rm", "-T", "mystep", "submit", "--host", "a", "--parameter", "seconds=4", "--timeout", "1s", "--dynamic", "environment=dev", "--quiet");
        await compose.RunAsync("exec", "-T", "rabbitmq", "rabbitmqctl", "--quiet", "close_all_connections", "tried");

        var targets = await UntilAsync("targets?state=active", data => data.GetProperty("activeTargets").EnumerateArray().Count(one => one.GetProperty("health").GetString() == "up") == 3);
        Assert.Equal(["mystep", "mystep", "output"], targets.GetProperty("activeTargets").EnumerateArray().Select(one => one.GetProperty("labels").GetProperty("job").GetString()).Order());

        var rules = (await UntilAsync("rules", data => Rules(data).All(one => one.GetProperty("health").GetString() == "ok"))).Clone();
        Assert.Equal(Alerts().Order(), Rules(rules).Select(one => one.GetProperty("name").GetString()).Order());

        using var dashboard = JsonDocument.Parse(scaffold.Read("monitoring", "grafana.json"));
        var queries = dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(one => one.GetProperty("expr").GetString()!).ToList();
        Assert.NotEmpty(queries);
        foreach (var query in queries)
        {
            var now = query.Replace("$__rate_interval", "1m", StringComparison.Ordinal);
            await UntilAsync($"query?query={Uri.EscapeDataString(now)}", data => data.GetProperty("result").EnumerateArray().Any(one => one.GetProperty("value")[1].GetString() != "NaN"));
        }

        var known = (await UntilAsync("label/__name__/values", _ => true)).EnumerateArray().Select(one => one.GetString()!).ToHashSet();
        var used = Name().Matches(Labels().Replace(scaffold.Read("monitoring", "alerts.yml") + string.Join(' ', queries), "")).Select(one => one.Value).Distinct();
        Assert.Subset(known, used.ToHashSet());

        // in a container the log is a record a line; compose itself clears the terminal's line ahead of each
        var log = (await compose.RunAsync("logs", "--no-log-prefix", "--no-color", "mystep", "output")).Replace("\e[2K", "", StringComparison.Ordinal);
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("ReWorker.", JsonElement.Parse(line).GetProperty("Category").GetString(), StringComparison.Ordinal));

        async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition)
        {
            for (var watch = Stopwatch.StartNew(); ; await Task.Delay(500, TestContext.Current.CancellationToken))
            {
                using var answer = await prometheus.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
                var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
                var data = JsonElement.Parse(text).GetProperty("data");
                if (condition(data)) return data;
                Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{Uri.UnescapeDataString(path)}: {text}");
            }
        }
    }

    private static IEnumerable<JsonElement> Rules(JsonElement data) => data.GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray());

    private static IEnumerable<string> Alerts() => Alert().Matches(File.ReadAllText(Repository.At("template", "monitoring", "alerts.yml"))).Select(one => one.Groups[1].Value);

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"^\| `([A-Z]\w+)` \| .* \| .* \|$", RegexOptions.Multiline)]
    private static partial Regex PageRow();

    [GeneratedRegex(@"\b(reworker|messaging|dotnet)_\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\b(by|on) \([^)]*\)")]
    private static partial Regex Labels();

    /// <summary>A scaffold's compose file, with names and ports that collide with nothing that runs here.</summary>
    private sealed class ComposeProject(string folder) : IAsyncDisposable
    {
        private readonly string _name = $"reworker-test-{Guid.NewGuid():N}";

        private Dictionary<string, string> Environment => new()
        {
            ["COMPOSE_PROJECT_NAME"] = _name,
            ["STEP_IMAGE"] = _name,
            ["RABBITMQ_PORT"] = "0",
            ["RABBITMQ_MANAGEMENT_PORT"] = "0",
            ["PROMETHEUS_PORT"] = "0",
        };

        public Task<string> RunAsync(params string[] arguments) => RunAsync([0], arguments);

        public Task<string> RunAsync(int[] allowed, params string[] arguments) => Docker.RunAsync(folder, Environment, ["compose", .. arguments], allowed);

        public async ValueTask DisposeAsync()
        {
            await RunAsync([0, 1], "--profile", "monitoring", "down", "--volumes", "--remove-orphans", "--timeout", "5");
            // not there if the build failed
            await Docker.RunAsync(folder, [], ["image", "rm", _name], [0, 1]);
        }
    }
}
