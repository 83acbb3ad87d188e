using Xunit;

namespace ReWorker.Tests.CommandLine;

public sealed class BadInputTests
{
    private const string SubmitOptions =
        "--job, --parameter, --dynamic, --host, --subcommand, --group, --notify, --queue, --timeout, "
        + "--count, --concurrency, --json, --quiet, --Section:Key=value";

    public static TheoryData<string, string> InvalidArguments => new()
    {
        { "sumbit", "'sumbit' is neither a verb nor a file; verbs: run, submit, dead, output, health" },
        { "--bogus", "run: unknown option --bogus; allowed: --worker-config, --Section:Key=value" },
        { "nowhere.json", "nowhere.json: no such file" },
        { "run a.json b.json", "run: unexpected argument 'b.json'; allowed: --worker-config, --Section:Key=value" },
        { "run -w nowhere.json", "nowhere.json: no such file" },
        { "--Worker:Queue", "--Worker:Queue has no value; allowed: --Worker:Queue=VALUE" },
        { "submit --bogus 1", $"submit: unknown option --bogus; allowed: {SubmitOptions}" },
        { "submit bogus", $"submit: unexpected argument 'bogus'; allowed: {SubmitOptions}" },
        { "submit --Worker:Queue=", "no queue given: use --queue NAME, or set Worker:Queue in appsettings.json" },
        { "submit --job", "Required argument missing for option: '--job'; " },
        { "submit --count 0", "--count is '0'; allowed: 1 to 10000000; " },
        { "submit --concurrency 2", "--concurrency needs --count" },
        { "submit --timeout never", "--timeout is 'never'; allowed: 500ms, 30s, 5m, 1h, 00:00:30; " },
        { "submit --timeout 0s", "--timeout is '0s'; allowed: 500ms, 30s, 5m, 1h, 00:00:30; " },
        { "submit -q x --parameter x", "--parameter is 'x'; allowed: KEY=VALUE" },
        // not the name of a file with more arguments, and not two options in one
        { "submit -q x -p @x", "--parameter is '@x'; allowed: KEY=VALUE" },
        { "submit -qj x", $"submit: unknown option -qj; allowed: {SubmitOptions}" },
        { "submit -q x --dynamic =x", "--dynamic is '=x'; allowed: KEY=VALUE" },
        {
            "submit -q x --notify irc=x",
            "--notify is 'irc=x'; allowed: PHASE:CHANNEL=TARGET with the phase started, completed, failed"
        },
        {
            "submit -q x --notify ended:irc=x",
            "--notify is 'ended:irc=x'; allowed: PHASE:CHANNEL=TARGET with the phase started, completed, failed"
        },
        { "submit -q x --job nowhere.json", "nowhere.json: no such file" },
        { "submit -q x --job /", "/ can't be read: it is a directory" },
        {
            "submit -q x --job -",
            "standard input: the job's body can't be read: it is empty; allowed: a JSON object or list"
        },
        { "submit -q x --Broker:Port=abc", "invalid configuration: Broker:Port is 'abc'; allowed: a whole number" },
        {
            "submit -q x --Broker:Heartbeat=soon",
            "invalid configuration: Broker:Heartbeat is 'soon'; allowed: a duration ([d.]hh:mm:ss)"
        },
        { "submit -q x --Broker:Ssl=yes", "invalid configuration: Broker:Ssl is 'yes'; allowed: true, false" },
        {
            "output --Worker:OnRedelivery=Perhaps",
            "invalid configuration: Worker:OnRedelivery is 'Perhaps'; allowed: RunAgain, Fail"
        },
        {
            "output --Worker:OutputLevel=Loud",
            "invalid configuration: Worker:OutputLevel is 'Loud'; "
                + "allowed: Trace, Debug, Information, Warning, Error, Critical, None"
        },
        {
            "output --Logging:LogLevel:Default=Loud",
            "invalid configuration: a level in Logging:LogLevel is 'Loud'; "
                + "allowed: Trace, Debug, Information, Warning, Error, Critical, None"
        },
        {
            "output --Worker:OnRedelivry=Fail",
            "invalid configuration: unknown setting Worker:OnRedelivry; allowed in Worker: Queue, Concurrency, "
        },
        {
            "submit -q x --Broker:Sever=secret",
            "invalid configuration: unknown setting Broker:Sever; allowed in Broker: Server, Port, "
        },
        {
            "output --Kestrel:Endpoints:Http:Url=http://127.0.0.1:80800",
            "invalid configuration: invalid port in ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS; allowed: 0 to 65535"
        },
        { "submit -q x --Broker:Port 0", "invalid configuration: Broker:Port is '0'; allowed: 1 to 65535" },
        {
            "submit -q x --ConnectionStrings:rabbitmq=http://a:secret@b/",
            "invalid configuration: ConnectionStrings:rabbitmq is not an AMQP URI; "
        },
        { "dead", "dead needs one of: list, show, replay, drop" },
        { "dead list x", "dead list: unexpected argument 'x'; allowed: --Section:Key=value" },
        { "dead replay", "dead replay needs numbers, ids or correlation ids from `dead list` or --all" },
        { "dead drop 1 --all", "dead drop needs numbers, ids or correlation ids from `dead list` or --all, not both" },
        { "dead drop --bogus", "dead drop: unknown option --bogus; allowed: --all, --Section:Key=value" },
        { "health --port x", "--port is 'x'; allowed: 1 to 65535; " },
    };

    [Theory]
    [MemberData(nameof(InvalidArguments))]
    public async Task RunAsync_InvalidArguments_ReportsTheErrorAndWhatIsAllowedOnOneLine(string line, string error)
    {
        var call = await Call.Async(line.Split(' '));

        Assert.Equal(64, call.Code);
        Assert.StartsWith(error, call.Error, StringComparison.Ordinal);
        Assert.Single(call.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("secret", call.Error, StringComparison.Ordinal);
        Assert.Empty(call.Output);
    }

    [Theory]
    [InlineData("{", "the job's body can't be read: ")]
    [InlineData("1", "the job's body can't be read: it is a number; allowed: an object or a list")]
    [InlineData("""{"a":1,"a":2}""", "the job's body can't be read: ")]
    [InlineData("""{"parameters":[]}""", "the job's 'parameters' is a list; allowed: an object")]
    [InlineData("[1] --group g", "standard input is a list; options such as --parameter need an object")]
    [InlineData(
        """{"notify":{"ended":{}}}""",
        "the job's 'notify' has a phase 'ended'; allowed: started, completed, failed")]
    public async Task Submit_InvalidJob_ReportsTheErrorAndSendsNothing(string input, string error)
    {
        var words = input.Split(" --", 2);
        var options = words.Skip(1).SelectMany(rest => $"--{rest}".Split(' '));

        var call = await Call.WithInputAsync(words[0], ["submit", "--queue", "x", "--job", "-", .. options]);

        Assert.Equal(64, call.Code);
        Assert.Contains(error, call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "is not JSON: ")]
    [InlineData("[]", "is not a JSON object; ")]
    [InlineData(
        """{"user":"u","password":"secret","server":"s"}""",
        "the key 'vhost' is missing; required: user, password, server, vhost; optional: port, ssl")]
    [InlineData(
        """{"user":"u","password":"secret","server":"s","vhost":"/","hots":1}""",
        "unknown key 'hots'; required: user, password, server, vhost; optional: port, ssl")]
    [InlineData(
        """{"user":"u","password":"secret","server":"s","vhost":"/","port":70000}""",
        "'port' is 70000; allowed: 1 to 65535")]
    [InlineData(
        """{"user":"u","password":"secret","server":"s","vhost":"/","ssl":"maybe"}""",
        "'ssl' is maybe; allowed: true, false")]
    [InlineData("""{"user":"u","password":7,"server":"s","vhost":"/"}""", "'password' must be a string")]
    public async Task Run_InvalidMqConfig_NamesTheFileAndTheError(string json, string error)
    {
        using var file = new TempFile(json);

        var call = await Call.Async(file.Path);

        Assert.Equal(64, call.Code);
        Assert.StartsWith(file.Path, call.Error, StringComparison.Ordinal);
        Assert.Contains(error, call.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"queue":7}""", "'queue' is 7; allowed: a name")]
    [InlineData(
        """{"OUTPUT_LEVEL":"LOUD"}""",
        "'OUTPUT_LEVEL' is \"LOUD\"; allowed: DEBUG, INFO, WARNING, WARN, ERROR, CRITICAL, FATAL")]
    public async Task Run_InvalidWorkerConfig_NamesTheKeyAndWhatIsAllowed(string json, string error)
    {
        using var file = new TempFile(json);

        var call = await Call.Async("run", "-w", file.Path);

        Assert.Equal(64, call.Code);
        Assert.Contains(error, call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dead_NoBroker_NamesTheAddressWithoutThePassword()
    {
        const string uri = "--ConnectionStrings:rabbitmq=amqp://guest:secret@127.0.0.1:1/";

        var call = await Call.Async("dead", "list", "--queue", "x", uri);

        Assert.Equal(2, call.Code);
        Assert.StartsWith("amqp://guest@127.0.0.1:1/%2F: Connection refused; ", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PortInUse_NamesThePortAndTheRemedy()
    {
        using var holder = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        holder.Start();
        var url = $"http://127.0.0.1:{((System.Net.IPEndPoint)holder.LocalEndpoint).Port}";

        var call = await Call.Async(
            "run", $"--Kestrel:Endpoints:Http:Url={url}", "--ConnectionStrings:rabbitmq=amqp://127.0.0.1:1/");

        Assert.Equal(1, call.Code);
        Assert.Equal(
            $"Failed to bind to address {url}: address already in use; "
                + "free the port, or set ASPNETCORE_HTTP_PORTS to another\n",
            call.Error);
    }
}
