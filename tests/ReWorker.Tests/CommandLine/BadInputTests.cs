using Xunit;

namespace ReWorker.Tests.CommandLine;

public sealed class BadInputTests
{
    private const string SubmitOptions = "--job, --parameter, --dynamic, --host, --subcommand, --group, --notify, --queue, --timeout, --count, --concurrency, --json, --quiet, --Section:Key=value";

    public static TheoryData<string, string> Wrong => new()
    {
        { "sumbit", "'sumbit' is neither a verb nor a file; verbs: run, submit, dead, output, health" },
        { "--bogus", "there is no option --bogus; allowed: --worker-config, --help, --version, and settings as --Section:Key=value" },
        { "nowhere.json", "nowhere.json: there is no such file" },
        { "run a.json b.json", "'b.json' is one argument too many of run; allowed: --worker-config, --Section:Key=value" },
        { "run -w nowhere.json", "nowhere.json: there is no such file" },
        { "--Worker:Queue", "--Worker:Queue has no value; allowed: --Worker:Queue=VALUE" },
        { "submit --bogus 1", $"there is no option --bogus of submit; allowed: {SubmitOptions}" },
        { "submit bogus", $"'bogus' is one argument too many of submit; allowed: {SubmitOptions}" },
        { "submit --Worker:Queue=", "no queue is named: give --queue NAME, or set Worker:Queue in appsettings.json" },
        { "submit --job", "Required argument missing for option: '--job'; " },
        { "submit --count 0", "--count is '0'; allowed: 1 to 10000000; " },
        { "submit --concurrency 2", "--concurrency needs --count" },
        { "submit --timeout never", "--timeout is 'never'; allowed: 500ms, 30s, 5m, 1h, 00:00:30; " },
        { "submit --timeout 0s", "--timeout is '0s'; allowed: 500ms, 30s, 5m, 1h, 00:00:30; " },
        { "submit -q x --parameter x", "--parameter is 'x'; allowed: KEY=VALUE" },
        { "submit -q x --dynamic =x", "--dynamic is '=x'; allowed: KEY=VALUE" },
        { "submit -q x --notify irc=x", "--notify is 'irc=x'; allowed: PHASE:CHANNEL=TARGET with the phase started, completed, failed" },
        { "submit -q x --notify ended:irc=x", "--notify is 'ended:irc=x'; allowed: PHASE:CHANNEL=TARGET with the phase started, completed, failed" },
        { "submit -q x --job nowhere.json", "nowhere.json: there is no such file" },
        { "submit -q x --job /", "/ can't be read: it is a folder" },
        { "submit -q x --job -", "standard input: the job's body can't be read: it is empty; allowed: a JSON object or list" },
        { "submit -q x --Broker:Port=abc", "the configuration is wrong: Broker:Port is 'abc'; allowed: a whole number" },
        { "submit -q x --Broker:Heartbeat=soon", "the configuration is wrong: Broker:Heartbeat is 'soon'; allowed: a duration ([d.]hh:mm:ss)" },
        { "submit -q x --Broker:Ssl=yes", "the configuration is wrong: Broker:Ssl is 'yes'; allowed: true, false" },
        { "output --Worker:OnRedelivery=Perhaps", "the configuration is wrong: Worker:OnRedelivery is 'Perhaps'; allowed: RunAgain, Fail" },
        { "output --Worker:OutputLevel=Loud", "the configuration is wrong: Worker:OutputLevel is 'Loud'; allowed: Trace, Debug, Information, Warning, Error, Critical, None" },
        { "output --Logging:LogLevel:Default=Loud", "the configuration is wrong: a level in Logging:LogLevel is 'Loud'; allowed: Trace, Debug, Information, Warning, Error, Critical, None" },
        { "output --Worker:OnRedelivry=Fail", "the configuration is wrong: unknown setting Worker:OnRedelivry; allowed in Worker: Queue, Concurrency, " },
        { "submit -q x --Broker:Sever=secret", "the configuration is wrong: unknown setting Broker:Sever; allowed in Broker: Server, Port, " },
        { "output --Kestrel:Endpoints:Http:Url=http://127.0.0.1:80800", "the configuration is wrong: a port in ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS is none; allowed: 0 to 65535" },
        { "submit -q x --Broker:Port 0", "the configuration is wrong: Broker:Port is '0'; allowed: 1 to 65535" },
        { "submit -q x --ConnectionStrings:rabbitmq=http://a:secret@b/", "the configuration is wrong: ConnectionStrings:rabbitmq is not an AMQP URI; " },
        { "dead", "dead needs one of: list, show, replay, drop" },
        { "dead list x", "'x' is one argument too many of dead list; allowed: --Section:Key=value" },
        { "dead replay", "dead replay needs numbers, ids or correlation ids as `dead list` shows them or --all" },
        { "dead drop 1 --all", "dead drop needs numbers, ids or correlation ids as `dead list` shows them or --all, not both" },
        { "dead drop --bogus", "there is no option --bogus of dead drop; `dead drop --help` lists them" },
        { "health --port x", "--port is 'x'; allowed: 1 to 65535; " },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task RunAsync_WrongArguments_SaysInOneLineWhatAndWhatIsAllowed(string line, string error)
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
    [InlineData("[1] --group g", "options such as --parameter can only be laid over an object")]
    [InlineData("""{"notify":{"ended":{}}}""", "the job's 'notify' has a phase 'ended'; allowed: started, completed, failed")]
    public async Task Submit_WrongJob_IsNotSent(string input, string error)
    {
        var words = input.Split(" --", 2);

        var call = await Call.WithInputAsync(words[0], ["submit", "--queue", "x", "--job", "-", .. words.Skip(1).SelectMany(rest => $"--{rest}".Split(' '))]);

        Assert.Equal(64, call.Code);
        Assert.Contains(error, call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "is no JSON: ")]
    [InlineData("[]", "is no JSON object; ")]
    [InlineData("""{"user":"u","password":"secret","server":"s"}""", "lacks the key 'vhost'; required: user, password, server, vhost")]
    [InlineData("""{"user":"u","password":"secret","server":"s","vhost":"/","hots":1}""", "has a key 'hots'; allowed: user, password, server, vhost, and if need be port, ssl")]
    [InlineData("""{"user":"u","password":"secret","server":"s","vhost":"/","port":70000}""", "'port' is 70000; allowed: 1 to 65535")]
    [InlineData("""{"user":"u","password":"secret","server":"s","vhost":"/","ssl":"maybe"}""", "'ssl' is maybe; allowed: true, false")]
    [InlineData("""{"user":"u","password":7,"server":"s","vhost":"/"}""", "'password' is no text; allowed: ")]
    public async Task Run_WrongMqConfig_SaysWhich(string json, string error)
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
    [InlineData("""{"OUTPUT_LEVEL":"LOUD"}""", "'OUTPUT_LEVEL' is \"LOUD\"; allowed: DEBUG, INFO, WARNING, WARN, ERROR, CRITICAL, FATAL")]
    public async Task Run_WrongWorkerConfig_SaysWhich(string json, string error)
    {
        using var file = new TempFile(json);

        var call = await Call.Async("run", "-w", file.Path);

        Assert.Equal(64, call.Code);
        Assert.Contains(error, call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dead_NoBroker_SaysWhereItWasLookedFor()
    {
        var call = await Call.Async("dead", "list", "--queue", "x", "--ConnectionStrings:rabbitmq=amqp://guest:secret@127.0.0.1:1/");

        Assert.Equal(2, call.Code);
        Assert.StartsWith("amqp://guest@127.0.0.1:1/%2F: Connection refused; ", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PortInUse_SaysWhichAndTheWayOut()
    {
        using var holder = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        holder.Start();
        var port = ((System.Net.IPEndPoint)holder.LocalEndpoint).Port;

        var call = await Call.Async("run", $"--Kestrel:Endpoints:Http:Url=http://127.0.0.1:{port}", "--ConnectionStrings:rabbitmq=amqp://127.0.0.1:1/");

        Assert.Equal(1, call.Code);
        Assert.Equal($"Failed to bind to address http://127.0.0.1:{port}: address already in use; end what uses the port, or set ASPNETCORE_HTTP_PORTS to another\n", call.Error);
    }
}
