using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace ReWorker.Faults;

/// <summary>A row's broker, proxy, requester and workers, on a virtual host of its own; and the checks.</summary>
/// <param name="program">Runs as the worker, with the argument <c>worker</c>.</param>
/// <param name="more">The worker's settings beside the row's own.</param>
internal sealed class Bench(RabbitBroker broker, Fault fault, string program, Dictionary<string, string> more)
    : IAsyncDisposable
{
    public const string Queue = "worker.chaos";
    public const string DeadQueue = "worker.chaos.dead";

    private readonly List<WorkerProcess> _workers = [];
    private readonly Stack<Func<Task>> _undo = [];
    private readonly List<Func<Task>> _checks = [];
    private Resources? _before;
    private Func<Task<Resources>> _another = null!;
    private long? _over;
    private int _number;

    public RabbitBroker Broker => broker;

    public string Program => program;

    public string VHost { get; } = $"fault-{Guid.NewGuid().ToString("N")[..8]}";

    public string User => $"{VHost}-worker";

    /// <summary>Must never be seen in a log.</summary>
    public string Password { get; set; } = $"s3cr3t-{Guid.NewGuid():N}";

    public Proxy Proxy { get; } = new(broker.Nodes);

    public Requester Requester { get; private set; } = null!;

    public IReadOnlyList<WorkerProcess> Workers => _workers;

    /// <summary>The newest.</summary>
    public WorkerProcess Worker => _workers[^1];

    /// <summary>Seconds from the fault's end to the first job completed.</summary>
    public double? Recovery { get; private set; }

    public int Jobs => Requester?.Jobs.Count() ?? 0;

    public int Duplicates => Requester?.Jobs.Sum(job => job.Copies) ?? 0;

    public async Task OpenAsync()
    {
        var requester = $"{VHost}-requester";
        await broker.EvalAsync(
            $$"""
            rabbit_vhost:add(<<"{{VHost}}">>, <<"faults">>),
            [begin rabbit_auth_backend_internal:add_user(U, P, <<"faults">>),
             rabbit_auth_backend_internal:set_permissions(
               U, <<"{{VHost}}">>, <<".*">>, <<".*">>, <<".*">>, <<"faults">>) end
             || {U, P} <- [{<<"{{User}}">>, <<"{{Password}}">>}, {<<"{{requester}}">>, <<"requester">>}]].
            """);
        Requester = new Requester(broker.Nodes, VHost, requester, "requester");
    }

    /// <summary>A connection that belongs to nobody else, past the proxy.</summary>
    public Task<IConnection> ConnectAsync() => new ConnectionFactory
    {
        HostName = "127.0.0.1",
        Port = broker.Nodes[0].Port,
        VirtualHost = VHost,
        UserName = $"{VHost}-requester",
        Password = "requester",
    }.CreateConnectionAsync();

    /// <summary>Runs the action at the row's end, or earlier by the result, but only once.</summary>
    public Func<Task> Undo(Func<Task> action)
    {
        var isDone = false;
        _undo.Push(OnceAsync);
        return OnceAsync;

        Task OnceAsync()
        {
            if (isDone) return Task.CompletedTask;
            isDone = true;
            return action();
        }
    }

    /// <summary>A file that is deleted at the row's end.</summary>
    public async Task<string> TempFileAsync(string text)
    {
        var file = Path.GetTempFileName();
        Undo(() => Task.Run(() => File.Delete(file)));
        await File.WriteAllTextAsync(file, text);
        return file;
    }

    /// <summary>A folder that is deleted at the row's end.</summary>
    public string TempFolder()
    {
        var folder = Directory.CreateTempSubdirectory();
        Undo(() => Task.Run(() => folder.Delete(recursive: true)));
        return folder.FullName;
    }

    public WorkerProcess StartWorker(params (string Key, string Value)[] settings) => StartWorker(null, settings);

    public WorkerProcess StartWorker(
        Func<ProcessStartInfo, ProcessStartInfo>? wrap, params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string>
        {
            ["Broker:Server"] = "127.0.0.1",
            ["Broker:Port"] = Proxy.Port.ToString(CultureInfo.InvariantCulture),
            ["Broker:VHost"] = VHost,
            ["Broker:User"] = User,
            ["Broker:Password"] = Password,
            ["Worker:Queue"] = "chaos",
            ["Worker:Concurrency"] = "8",
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft"] = "Warning",
        };
        foreach (var (key, value) in fault.Settings) all[key] = value;
        foreach (var (key, value) in settings) all[key] = value;
        foreach (var (key, value) in more) all[key] = value;
        _workers.Add(Start());
        _another = () => Leaks.OfAnotherAsync(Start);
        return Worker;

        // started in the background of a script, it would ignore SIGINT
        WorkerProcess Start() => new("env", ["--default-signal=INT,QUIT", program, "worker"], all, wrap);
    }

    /// <summary>Starts a worker, waits until it has completed a job, and measures it.</summary>
    public async Task WarmUpAsync(params (string Key, string Value)[] settings)
    {
        Requester.Start();
        StartWorker(settings);
        await ReadyAsync(within: 40);
        await CompletedAsync(await SendAsync(), within: 15);
        _before = Worker.Resources();
    }

    /// <summary>Sends the worker a signal and checks that it exits in time, with status 0.</summary>
    public async Task StopWorkerAsync(double within, string signal = "TERM")
    {
        await Worker.SignalAsync(signal);
        Check(await Worker.ExitAsync(TimeSpan.FromSeconds(within)) == 0, "the exit status is not 0");
    }

    public Task ReadyAsync(double within) =>
        UntilAsync("ready", within, async () => (await Worker.ReadyAsync()).IsOk);

    public Task NotReadyAsync(double within) =>
        UntilAsync("unready", within, async () => (await Worker.ReadyAsync()).Code == 503);

    /// <summary>Checks the readiness of a worker that may have started only now.</summary>
    public Task UnreadyAsync(string otherwise) => AnswersAsync(() => Worker.ReadyAsync(), 503, otherwise);

    /// <summary>Checks the liveness of a worker that may have started only now.</summary>
    public Task AliveAsync() => AnswersAsync(() => Worker.LiveAsync(), 200, "not alive");

    /// <summary>Checks the liveness of a worker that answers.</summary>
    public async Task StillAliveAsync(string otherwise = "not alive") =>
        Check((await Worker.LiveAsync()).IsOk, otherwise);

    public async Task<SentJob> SendAsync(
        string what = "sleep", double seconds = 0, string? expected = "completed", Action<SentJob>? expect = null)
    {
        var parameters = new Dictionary<string, object> { ["do"] = what, ["seconds"] = seconds };
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["parameters"] = parameters });
        return await SendRawAsync(body, job => { job.Expected = expected; expect?.Invoke(job); });
    }

    /// <summary>Sends a job and waits until it runs.</summary>
    public async Task<SentJob> StartJobAsync(
        double seconds, string what = "sleep", string? expected = "completed", int runs = 1, double within = 15)
    {
        var job = await SendAsync(what, seconds, expected, one => one.Runs = runs);
        await StartedAsync(job, within);
        return job;
    }

    public async Task<SentJob> SendRawAsync(
        byte[] body, Action<SentJob>? expect = null, string? replyTo = null, Action<BasicProperties>? craft = null,
        string? id = null, string exchange = "")
    {
        var job = new SentJob(id ?? $"{VHost}-{Interlocked.Increment(ref _number)}");
        expect?.Invoke(job);
        await Requester.SendAsync(job, Queue, body, replyTo, craft, exchange);
        return job;
    }

    /// <summary>Sends a body that is dead-lettered before any code sees it.</summary>
    public Task<SentJob> SendUnreadableAsync(byte[] body) =>
        SendRawAsync(body, job => (job.Expected, job.Starts, job.Runs, job.IsParked) = ("failed", false, 0, true));

    /// <summary>Sends a job that gets no reply.</summary>
    public Task<SentJob> SendUnansweredAsync(
        string body, string? replyTo = null, Action<BasicProperties>? craft = null) =>
        SendRawAsync(Encoding.UTF8.GetBytes(body), job => job.Expected = null, replyTo, craft);

    public async Task<List<SentJob>> SendManyAsync(int count, string what = "sleep", double seconds = 0)
    {
        var jobs = new List<SentJob>();
        for (var one = 0; one < count; one++) jobs.Add(await SendAsync(what, seconds));
        return jobs;
    }

    public static Task StartedAsync(SentJob job, double within) =>
        InTimeAsync(job.Started, $"{job.Id} has not started", within);

    public static async Task CompletedAsync(SentJob job, double within)
    {
        await InTimeAsync(job.Terminal, $"{job.Id} has no terminal reply", within);
        Check(
            job.Expected is null || job.Statuses[^1] == job.Expected,
            $"{job.Id}: {job.Statuses[^1]} ({job.Data}), {job.Expected} was expected");
    }

    /// <summary>The fault is over now, unless it was before. The time to recover counts from here.</summary>
    public void Over() => _over ??= Stopwatch.GetTimestamp();

    /// <summary>Waits until a job completes again.</summary>
    public async Task RecoverAsync(double within)
    {
        Over();
        await CompletedAsync(await SendAsync(), within);
        Recovery = Stopwatch.GetElapsedTime(_over!.Value).TotalSeconds;
    }

    /// <summary>Makes the checks that all rows share.</summary>
    /// <param name="within">Seconds that each job may still take.</param>
    /// <param name="restarted">True if this is not the process that was measured at the start.</param>
    public async Task CleanAsync(double within, bool restarted = false, int consumers = 1)
    {
        foreach (var job in Requester.Jobs.Where(one => one.Expected is not null)) await CompletedAsync(job, within);
        await SettledAsync(consumers: consumers);
        await Task.Delay(200);

        foreach (var job in Requester.Jobs) Judge(job);
        Check(Requester.Strays.IsEmpty, $"a stray reply: {Requester.Strays.FirstOrDefault()}");
        // the broker's count of a quorum queue may be five seconds old
        var parked = Requester.Jobs.Count(job => job.IsParked);
        await UntilAsync($"{parked} parked", 10, async () => (await QueueAsync(DeadQueue)).Ready == parked);
        CheckLogs();
        if (!restarted) await Leaks.CheckAsync(_before ?? await _another(), Worker.Resources);
    }

    /// <summary>Adds a check of the row's own, for after the shared ones.</summary>
    public void Then(Func<Task> check) => _checks.Add(check);

    /// <inheritdoc cref="Then(Func{Task})"/>
    public void Then(Func<bool> check, Func<string> otherwise) => Then(() =>
    {
        Check(check(), otherwise());
        return Task.CompletedTask;
    });

    public async Task CheckRowAsync()
    {
        foreach (var check in _checks) await check();
    }

    /// <summary>Waits until the broker has the acknowledgements of all jobs except those that run.</summary>
    public Task SettledAsync(int running = 0, int consumers = 1) => UntilAsync(
        "settled", 20, async () => await QueueAsync(Queue) == (0, running, consumers), TimeSpan.FromMilliseconds(250));

    /// <summary>Checks how often the worker said that it could not connect.</summary>
    public void CheckTries(int least, int most)
    {
        var tries = Worker.Count("Could not connect");
        Check(tries >= least && tries <= most, $"{tries} warnings of failed connects, {least} to {most} expected");
    }

    public void CheckLogs()
    {
        foreach (var worker in _workers)
            Check(!worker.HasLogged(Password) && !worker.HasLogged("s3cr3t"), "a secret is in the log");
    }

    public static void Check(bool isTrue, string otherwise)
    {
        if (!isTrue) throw new FaultException(otherwise);
    }

    /// <summary>Ready, unacknowledged, consumers; all -1 if there is no such queue.</summary>
    public async Task<(int Ready, int Unacked, int Consumers)> QueueAsync(string queue)
    {
        // only the leader's node knows the counts of a quorum queue
        var answer = await broker.EvalAsync(
            $$"""
            case rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VHost}}">>, queue, <<"{{queue}}">>)) of
              {ok, Q} ->
                Node = case amqqueue:get_pid(Q) of {_, Leader} -> Leader; Pid -> node(Pid) end,
                Items = [messages_ready, messages_unacknowledged, consumers],
                case rpc:call(Node, rabbit_amqqueue, info, [Q, Items]) of
                  Counts when is_list(Counts) -> list_to_tuple([V || {_, V} <- Counts]);
                  _ -> none
                end;
              _ -> none
            end.
            """);
        var counts = answer.Trim('{', '}').Split(',').Select(one => int.TryParse(one, out var count) ? count : -1);
        return counts.ToArray() is [>= 0 and var ready, >= 0 and var unacked, >= 0 and var consumers]
            ? (ready, unacked, consumers)
            : (-1, -1, -1);
    }

    public static async Task UntilAsync(string what, double within, Func<Task<bool>> condition, TimeSpan? pause = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Check(Stopwatch.GetElapsedTime(began).TotalSeconds <= within, $"not {what} within {within:0} s");
            await Task.Delay(pause ?? TimeSpan.FromMilliseconds(100));
        }
    }

    public static Task UntilAsync(string what, double within, Func<bool> condition) =>
        UntilAsync(what, within, () => Task.FromResult(condition()));

    public Task UntilSaidAsync(string text, double within) =>
        UntilAsync($"said in the log, \"{text}\",", within, () => Worker.HasLogged(text));

    public int RunsOf(SentJob job) => _workers.Sum(worker => worker.Count($"RAN {job.Id} "));

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers) await worker.DisposeAsync();
        while (_undo.TryPop(out var action)) await action();
        if (Requester is not null) await Requester.DisposeAsync();
        await Proxy.DisposeAsync();
        await broker.EvalAsync(
            $"""
            rabbit_vhost:delete(<<"{VHost}">>, <<"faults">>),
            [catch rabbit_auth_backend_internal:delete_user(U, <<"faults">>)
             || U <- [<<"{User}">>, <<"{VHost}-requester">>]].
            """);
    }

    /// <summary>Checks the first answer: a worker that has only just started may not listen yet.</summary>
    private static async Task AnswersAsync(Func<Task<Answer>> ask, int expected, string otherwise)
    {
        var code = 0;
        await UntilAsync("answering", 15, async () => (code = (await ask()).Code) != 0);
        Check(code == expected, otherwise);
    }

    private void Judge(SentJob job)
    {
        var started = job.Statuses.Count(status => status == "started");
        var terminals = job.Statuses.Count - started;
        Check(
            terminals == (job.Expected is null ? 0 : 1),
            $"{job.Id}: {terminals} terminal replies ({string.Join(", ", job.Statuses)})");
        Check(
            job.Expected is null || job.IsDeadly || started == (job.Starts ? 1 : 0), $"{job.Id}: {started} x started");
        Check(job.Expected is null || job.Statuses[^1] != "started", $"{job.Id}: started came last");
        var runs = RunsOf(job);
        Check(runs <= job.Runs, $"{job.Id} ran {runs} times, at most {job.Runs} expected");
    }

    private static async Task InTimeAsync(Task task, string otherwise, double within)
    {
        try
        {
            await task.WaitAsync(TimeSpan.FromSeconds(within));
        }
        catch (TimeoutException)
        {
            throw new FaultException($"{otherwise} after {within:0} s");
        }
    }
}
