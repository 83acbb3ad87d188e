using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>A scaffold's configuration for Prometheus works with a real Prometheus and real workers.</summary>
public sealed partial class MonitoringTests(InstalledTemplates templates)
{
    private const string Image = "prom/prometheus:v3";

    /// <summary>The rules and the configuration use the project's and the queue's names.</summary>
    [Theory]
    [InlineData("MyStep", null)]
    [InlineData("Acme.Billing.Step", "invoices.new")]
    public async Task Rules_OfAScaffold_PassTheirTests(string name, string? queue)
    {
        Engine.SkipUnlessAvailable();
        var scaffold = await templates.Folder.NewAsync(name, queue is null ? [] : ["--queue", queue]);
        var mount = $"{scaffold.At("monitoring")}:/etc/prometheus:ro";

        Task<string> PromtoolAsync(params string[] arguments) => Command.RunAsync(
            "docker", ["run", "--rm", "-v", mount, "--entrypoint", "promtool", Image, .. arguments]);

        await PromtoolAsync("check", "config", "/etc/prometheus/prometheus.yml");
        var printed = await PromtoolAsync("test", "rules", "/etc/prometheus/alerts.test.yml");

        Assert.Contains("SUCCESS", printed, StringComparison.Ordinal);
        Assert.Contains($"queue=\"worker.{queue ?? "mystep"}\"", scaffold.Read("monitoring", "alerts.yml"));
        Assert.Contains($"names: [{scaffold.Service}, output]", scaffold.Read("monitoring", "prometheus.yml"));
    }

    [Fact]
    public void Rules_Each_IsTestedAndOnTheOperatorsPage()
    {
        var alerts = Alerts().Order();
        var tests = File.ReadAllText(Repository.At("template", "monitoring", "alerts.test.yml"));
        var page = File.ReadAllText(Repository.At("docs", "operating.md"));

        Assert.All(alerts, alert =>
        {
            // the tests cover both that it fires and that it does not
            Assert.Matches($@"\{{ alertname: {alert}, eval_time: \w+ \}}", tests);
            Assert.Matches($@"- alertname: {alert}\n +eval_time: \w+\n +exp_alerts:", tests);
        });
        Assert.Equal(alerts, PageRow().Matches(page).Select(row => row.Groups[1].Value).Order());
    }

    [Fact]
    public async Task Prometheus_OfTheComposeFile_KnowsEveryWorkerRuleAndQuery()
    {
        Engine.SkipUnlessAvailable();
        var scaffold = await templates.Folder.NewAsync("MyStep");
        await using var compose = new ComposeProject(scaffold.Folder);
        await compose.RunAsync("--profile monitoring up --detach --build --wait --quiet-pull --scale mystep=2");
        var address = (await compose.RunAsync("port prometheus 9090")).Trim();
        using var prometheus = new HttpClient { BaseAddress = new Uri($"http://{address}/api/v1/") };
        Assert.Equal("127.0.0.1", prometheus.BaseAddress.Host);

        // produce every kind of metric: completed and failed jobs, an early exit of the requester, lost connections
        const string submit = "run --rm -T mystep submit --dynamic environment=dev --quiet";
        await compose.RunAsync($"{submit} --host a");
        await compose.RunAsync($"{submit} --subcommand Fail", exitCode: 1);
        await compose.RunAsync($"{submit} --host a --parameter seconds=4 --timeout 1s", exitCode: 2);
        await compose.RunAsync("exec -T rabbitmq rabbitmqctl --quiet close_all_connections tried");

        var targets = await UntilAsync("targets?state=active", data => Targets(data).Count(IsUp) == 3);
        var jobs = Targets(targets).Select(target => target.GetProperty("labels").GetProperty("job").GetString());
        Assert.Equal(["mystep", "mystep", "output"], jobs.Order());

        var rules = await UntilAsync("rules", data => Rules(data).All(IsUp));
        Assert.Equal(Alerts().Order(), Rules(rules).Select(rule => rule.GetProperty("name").GetString()).Order());

        var dashboard = JsonElement.Parse(scaffold.Read("monitoring", "grafana.json"));
        string[] queries =
        [
            .. from panel in Items(dashboard, "panels")
               from target in Items(panel, "targets")
               select target.GetProperty("expr").GetString(),
        ];
        Assert.NotEmpty(queries);
        foreach (var query in queries)
        {
            var expression = query.Replace("$__rate_interval", "1m", StringComparison.Ordinal);
            await UntilAsync(
                $"query?query={Uri.EscapeDataString(expression)}",
                data => Items(data, "result").Any(sample => sample.GetProperty("value")[1].GetString() != "NaN"));
        }

        var known = await UntilAsync("label/__name__/values", _ => true);
        var expressions = Labels().Replace(scaffold.Read("monitoring", "alerts.yml") + string.Join(' ', queries), "");
        Assert.Subset(
            known.EnumerateArray().Select(name => name.GetString()!).ToHashSet(),
            Name().Matches(expressions).Select(name => name.Value).ToHashSet());

        // in a container the log has one JSON record per line; compose clears the terminal's line before each
        var log = await compose.RunAsync("logs --no-log-prefix --no-color mystep output");
        var lines = log.Replace("\e[2K", "", StringComparison.Ordinal).Split('\n').Where(line => line.Length > 0);
        var categories = lines.Select(line => JsonElement.Parse(line).GetProperty("Category").GetString());
        Assert.All(categories, category => Assert.StartsWith("ReWorker.", category, StringComparison.Ordinal));

        async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> condition)
        {
            var cancel = TestContext.Current.CancellationToken;
            for (var watch = Stopwatch.StartNew(); ; await Task.Delay(500, cancel))
            {
                using var answer = await prometheus.GetAsync(new Uri(path, UriKind.Relative), cancel);
                var text = await answer.Content.ReadAsStringAsync(cancel);
                Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
                var data = JsonElement.Parse(text).GetProperty("data");
                if (condition(data)) return data;
                Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{Uri.UnescapeDataString(path)}: {text}");
            }
        }
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement data, string name) =>
        data.GetProperty(name).EnumerateArray();

    private static JsonElement.ArrayEnumerator Targets(JsonElement data) => Items(data, "activeTargets");

    private static IEnumerable<JsonElement> Rules(JsonElement data) =>
        from @group in Items(data, "groups") from rule in Items(@group, "rules") select rule;

    private static bool IsUp(JsonElement item) => item.GetProperty("health").GetString() is "up" or "ok";

    private static IEnumerable<string> Alerts() =>
        Alert().Matches(File.ReadAllText(Repository.At("template", "monitoring", "alerts.yml")))
            .Select(alert => alert.Groups[1].Value);

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex(@"^\| `([A-Z]\w+)` \| .* \| .* \|$", RegexOptions.Multiline)]
    private static partial Regex PageRow();

    [GeneratedRegex(@"\b(reworker|messaging|dotnet)_\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\b(by|on) \([^)]*\)")]
    private static partial Regex Labels();

    /// <summary>A scaffold's compose file, with names and ports that collide with nothing on this machine.</summary>
    private sealed class ComposeProject(string folder) : IAsyncDisposable
    {
        private readonly Dictionary<string, string> _environment =
            new(Engine.UniqueEnvironment()) { ["PROMETHEUS_PORT"] = "0" };

        /// <summary>Runs <c>docker compose</c> and returns its standard output.</summary>
        public async Task<string> RunAsync(string arguments, int exitCode = 0)
        {
            var result = await Shell.RunAsync(folder, _environment, $"docker compose {arguments}");
            Assert.True(
                result.ExitCode == exitCode, $"{arguments} exited with code {result.ExitCode}:\n{result.Output}");
            return result.StandardOutput;
        }

        public async ValueTask DisposeAsync()
        {
            const string down = "docker compose --profile monitoring down --volumes --remove-orphans --timeout 5";
            await Shell.RunAsync(folder, _environment, $"{down}; docker image rm $STEP_IMAGE");
        }
    }
}
