using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace ReWorker.Tests.Contract;

/// <summary>The process of requester.py, told what to do line by line.</summary>
internal sealed class Requester : IAsyncDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly Process _python;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _asked = [];
    private readonly ConcurrentDictionary<string, ChannelWriter<ReceivedMessage>> _sessions = [];
    private readonly Lock _writing = new();
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private long _number;

    private Requester(Process python)
    {
        _python = python;
        _errors = python.StandardError.ReadToEndAsync();
        _reading = Task.Run(ReadAsync);
    }

    public static Requester Start(Uri amqp)
    {
        // pika reads %2F as the virtual host "/"
        var uri = amqp.AbsolutePath is "/" or "" ? new Uri(amqp, "/%2F").AbsoluteUri : amqp.AbsoluteUri;
        try
        {
            return new Requester(Process.Start(new ProcessStartInfo(Python, [Path.Combine(AppContext.BaseDirectory, "Contract", "requester.py"), uri])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"These tests need Debian's pika ({Python}): apt-get install python3-pika", e);
        }
    }

    public async Task<JsonElement> AskAsync(string what, object arguments)
    {
        var id = Interlocked.Increment(ref _number);
        var answer = _asked[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        Tell(what, arguments, id);
        var said = await answer.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return said.TryGetProperty("error", out var error) ? throw new InvalidOperationException(error.GetString()) : said;
    }

    public void Tell(string what, object arguments, long? id = null)
    {
        var command = (JsonObject)JsonSerializer.SerializeToNode(arguments)!;
        command["do"] = what;
        if (id is not null) command["id"] = id;
        lock (_writing)
        {
            _python.StandardInput.WriteLine(command.ToJsonString());
            _python.StandardInput.Flush();
        }
    }

    public void Attach(string session, ChannelWriter<ReceivedMessage> writer) => _sessions[session] = writer;

    public async ValueTask DisposeAsync()
    {
        _python.StandardInput.Close();
        await _reading;
        await _python.WaitForExitAsync();
        _python.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _python.StandardOutput.ReadLineAsync() is { } line)
        {
            using var said = JsonDocument.Parse(line);
            if (!said.RootElement.TryGetProperty("id", out var id)) Hear(said.RootElement);
            else if (_asked.TryRemove(id.GetInt64(), out var answer)) answer.TrySetResult(said.RootElement.Clone());
        }
        var end = new InvalidOperationException($"the requester has ended: {await _errors} (no module named pika: apt-get install python3-pika)");
        foreach (var open in _asked.Values) open.TrySetException(end);
        foreach (var session in _sessions.Values) session.TryComplete(end);
    }

    private void Hear(JsonElement message)
    {
        if (_sessions.TryGetValue(message.GetProperty("session").GetString()!, out var session)) session.TryWrite(ReceivedMessage.From(message));
    }
}
