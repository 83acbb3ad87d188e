using Microsoft.Extensions.Configuration;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>Every key of the Python runner's two files, and which source of a setting wins.</summary>
public sealed class ConfigFileTests
{
    private const string Required = "\"user\":\"u\",\"password\":\"secret\",\"server\":\"s\",\"vhost\":\"v\"";

    [Theory]
    [InlineData("\"port\":1", "port", "1")]
    [InlineData("\"port\":65535", "port", "65535")]
    [InlineData("\"port\":\"5671\"", "port", "5671")]
    [InlineData("\"ssl\":true", "ssl", "true")]
    [InlineData("\"ssl\":false", "ssl", "false")]
    [InlineData("\"ssl\":\"True\"", "ssl", "True")]
    public void Read_OptionalKeyOfMqConfig_IsASetting(string json, string key, string value)
    {
        var settings = ReadMq($"{{{Required},{json}}}");

        Assert.Equal(6, settings.Length);
        Assert.Equal($"--Broker:{key}={value}", settings[^1]);
    }

    [Theory]
    [InlineData("\"port\":0", "'port' is 0; allowed: 1 to 65535")]
    [InlineData("\"port\":65536", "'port' is 65536; allowed: 1 to 65535")]
    [InlineData("\"port\":-1", "'port' is -1; allowed: 1 to 65535")]
    [InlineData("\"port\":\"amqp\"", "'port' is amqp; allowed: 1 to 65535")]
    [InlineData("\"port\":null", "'port' is null; allowed: 1 to 65535")]
    [InlineData("\"ssl\":1", "'ssl' is 1; allowed: true, false")]
    [InlineData("\"SSL\":true", "unknown key 'SSL'; required: user, password, server, vhost; optional: port, ssl")]
    [InlineData("\"user\":\"twice\"", "is not JSON: ")]
    public void Read_InvalidKeyOfMqConfig_NamesIt(string json, string expected)
    {
        var error = Assert.Throws<UsageException>(() => ReadMq($"{{{Required},{json}}}"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user")]
    [InlineData("password")]
    [InlineData("server")]
    [InlineData("vhost")]
    public void Read_RequiredKeyOfMqConfig_MustBeThereAndAString(string key)
    {
        var others = string.Join(
            ',', Required.Split(',').Where(pair => !pair.StartsWith($"\"{key}\"", StringComparison.Ordinal)));

        var missing = Assert.Throws<UsageException>(() => ReadMq($"{{{others}}}"));
        var number = Assert.Throws<UsageException>(() => ReadMq($"{{{others},\"{key}\":7}}"));

        Assert.Contains($": the key '{key}' is missing; required: ", missing.Message, StringComparison.Ordinal);
        Assert.EndsWith($": '{key}' must be a string", number.Message, StringComparison.Ordinal);
        Assert.Equal(5, ReadMq($"{{{others},\"{key}\":\"\"}}").Length);
    }

    [Theory]
    [InlineData("DEBUG", "Debug")]
    [InlineData("INFO", "Information")]
    [InlineData("WARNING", "Warning")]
    [InlineData("WARN", "Warning")]
    [InlineData("ERROR", "Error")]
    [InlineData("CRITICAL", "Critical")]
    [InlineData("FATAL", "Critical")]
    [InlineData("info", "Information")]
    public void Read_LevelOfWorkerConfig_IsOurName(string given, string expected)
    {
        var settings = ReadWorker($$"""{"OUTPUT_LEVEL":"{{given}}"}""");

        Assert.Equal([$"--Worker:OutputLevel={expected}", $"--WorkerConfig:OUTPUT_LEVEL={given}"], settings);
    }

    [Theory]
    [InlineData("""{"queue":""}""", "'queue' is \"\"; allowed: a name")]
    [InlineData("""{"queue":null}""", "'queue' is null; allowed: a name")]
    [InlineData("""{"OUTPUT_LEVEL":20}""", "'OUTPUT_LEVEL' is 20; allowed: DEBUG, INFO, ")]
    [InlineData("""{"a":1,"a":2}""", "is not JSON: ")]
    public void Read_InvalidWorkerConfig_NamesTheKey(string json, string expected)
    {
        var error = Assert.Throws<UsageException>(() => ReadWorker(json));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ByteOrderMark_IsSkipped()
    {
        Assert.Equal(5, ReadMq($"\uFEFF{{{Required}}}").Length);
        Assert.Equal(["--WorkerConfig:a=1"], ReadWorker("\uFEFF{\"a\":1}"));
    }

    [Fact]
    public void Read_NoFileOrADirectory_SaysWhich()
    {
        var missing = Assert.Throws<UsageException>(() => JsonFile.ReadBytes("/no/such/file"));
        var folder = Assert.Throws<UsageException>(() => JsonFile.ReadBytes(Path.GetTempPath()));

        Assert.Equal("/no/such/file: no such file", missing.Message);
        Assert.Equal($"{Path.GetTempPath()} can't be read: it is a directory", folder.Message);
    }

    /// <summary>The two files give their values to the host, and an argument wins over both.</summary>
    [Fact]
    public async Task Run_FilesAndArguments_ConfigureTheHost()
    {
        using var mq = new TempFile($"{{{Required},\"port\":5999}}");
        using var worker = new TempFile("""{"queue":"q","OUTPUT_LEVEL":"ERROR","own":{"list":["x"]}}""");

        var configuration = await ConfigurationOfAsync(
            "run", mq.Path, "-w", worker.Path, "--Broker:User=typed", "--WorkerConfig:own:list:1", "y");

        Assert.Equal(
            ("typed", "secret", "s", "5999", "v", ""),
            (configuration["Broker:User"], configuration["Broker:Password"], configuration["Broker:Server"],
                configuration["Broker:Port"], configuration["Broker:VHost"],
                configuration["ConnectionStrings:rabbitmq"]));
        Assert.Equal(("q", "Error"), (configuration["Worker:Queue"], configuration["Worker:OutputLevel"]));
        var own = configuration.GetSection(WorkerRegistration.ConfigSection);
        Assert.Equal(("x", "y"), (own["own:list:0"], own["own:list:1"]));
    }

    /// <summary>Without a verb the worker runs, with or without the file.</summary>
    [Fact]
    public async Task Run_NoVerb_IsTheSame()
    {
        using var mq = new TempFile($"{{{Required}}}");

        Assert.Equal("s", (await ConfigurationOfAsync(mq.Path))["Broker:Server"]);
        Assert.Equal("x", (await ConfigurationOfAsync("--Broker:Server=x"))["Broker:Server"]);
        Assert.Equal("my-step-1", (await ConfigurationOfAsync())["Worker:Queue"]);
    }

    [Fact]
    public async Task Run_NoPort_ServesOn8080OfLoopback()
    {
        var urls = "";
        var terminal = new Terminal(Stream.Null, TextWriter.Null, TextWriter.Null, isInteractive: false);

        var code = await WorkerCommand.RunAsync([], _ => { }, app =>
        {
            urls = app.Configuration["urls"];
            throw new OperationCanceledException();
        }, terminal);

        Assert.Equal((130, "http://127.0.0.1:8080"), (code, urls));
    }

    private static async Task<IConfiguration> ConfigurationOfAsync(params string[] args)
    {
        IConfiguration? configuration = null;
        var terminal = new Terminal(Stream.Null, TextWriter.Null, TextWriter.Null, isInteractive: false);

        // ends the start once the configuration is complete
        var code = await WorkerCommand.RunAsync(args, host =>
        {
            configuration = host.Configuration;
            throw new OperationCanceledException();
        }, endpoints: null, terminal);

        Assert.Equal(130, code);
        return configuration!;
    }

    private static string[] ReadMq(string json)
    {
        using var file = new TempFile(json);
        return [.. MqConfig.Read(file.Path)];
    }

    private static string[] ReadWorker(string json)
    {
        using var file = new TempFile(json);
        return [.. WorkerConfig.Read(file.Path)];
    }
}
