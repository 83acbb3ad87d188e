using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace ReWorker.Tests.Contract;

/// <summary>Runs requester.py and sends it one command per line.</summary>
internal sealed class Requester : IAsyncDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly Process _python;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _pending = [];
    private readonly ConcurrentDictionary<string, ChannelWriter<ReceivedMessage>> _sessions = [];
    private readonly Lock _writeLock = new();
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private long _lastId;

    private Requester(Process python)
    {
        _python = python;
        _errors = python.StandardError.ReadToEndAsync();
        _reading = Task.Run(ReadAsync);
    }

    public static Requester Start(Uri amqp)
    {
        // pika needs the virtual host "/" spelled out
        var uri = amqp.AbsolutePath is "/" or "" ? new Uri(amqp, "/%2F").AbsoluteUri : amqp.AbsoluteUri;
        var script = Path.Combine(AppContext.BaseDirectory, "Contract", "requester.py");
        try
        {
            return new Requester(Process.Start(new ProcessStartInfo(Python, [script, uri])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException(
                $"{Python} is missing. These tests need Debian's pika: apt-get install python3-pika", e);
        }
    }

    /// <summary>Runs a command and waits for its answer.</summary>
    /// <exception cref="InvalidOperationException">The broker rejected the command.</exception>
    public async Task<JsonElement> CallAsync(string command, object arguments)
    {
        var id = Interlocked.Increment(ref _lastId);
        var pending = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = pending;
        Post(command, arguments, id);
        var answer = await pending.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return answer.TryGetProperty("error", out var error)
            ? throw new InvalidOperationException(error.GetString())
            : answer;
    }

    /// <summary>Runs a command. Without an id there is no answer.</summary>
    public void Post(string command, object arguments, long? id = null)
    {
        var line = (JsonObject)JsonSerializer.SerializeToNode(arguments)!;
        line["command"] = command;
        if (id is not null) line["id"] = id;
        lock (_writeLock)
        {
            _python.StandardInput.WriteLine(line.ToJsonString());
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
            using var parsed = JsonDocument.Parse(line);
            var json = parsed.RootElement;
            if (!json.TryGetProperty("id", out var id)) Receive(json);
            else if (_pending.TryRemove(id.GetInt64(), out var answer)) answer.TrySetResult(json.Clone());
        }
        var end = new InvalidOperationException(
            $"the requester has exited: {await _errors} (no module named pika: apt-get install python3-pika)");
        foreach (var call in _pending.Values) call.TrySetException(end);
        foreach (var session in _sessions.Values) session.TryComplete(end);
    }

    private void Receive(JsonElement message)
    {
        if (_sessions.TryGetValue(message.GetProperty("session").GetString()!, out var session))
            session.TryWrite(ReceivedMessage.Parse(message));
    }
}
