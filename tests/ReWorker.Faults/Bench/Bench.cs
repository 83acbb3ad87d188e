using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RabbitMQ.Client;

namespace ReWorker.Faults;

/// <summary>What a row works with, on a virtual host of its own, and how it is judged.</summary>
internal sealed class Bench(RabbitBroker broker, Fault fault, string program, bool withoutRemedy) : IAsyncDisposable
{
    public const string Queue = "worker.chaos";
    public const string DeadQueue = "worker.chaos.dead";

    private readonly List<WorkerProcess> _workers = [];
    private readonly Stack<Func<Task>> _undo = [];
    private Resources? _before;
    private Func<Task<Resources>> _another = null!;
    private long _over;
    private int _number;

    public RabbitBroker Broker => broker;

    /// <summary>What is started as the worker, with the word <c>worker</c> behind it.</summary>
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

    /// <summary>A connection of somebody else's, past the proxy.</summary>
    public Task<IConnection> ConnectAsync() => new ConnectionFactory
    {
        HostName = "127.0.0.1",
        Port = broker.Nodes[0].Port,
        VirtualHost = VHost,
        UserName = $"{VHost}-requester",
        Password = "requester",
    }.CreateConnectionAsync();

    /// <summary>At the row's end, however it ends.</summary>
    public void Undo(Func<Task> action) => _undo.Push(action);

    public WorkerProcess StartWorker(params KeyValuePair<string, string>[] more) => StartWorker(null, more);

    public WorkerProcess StartWorker(
        Func<ProcessStartInfo, ProcessStartInfo>? wrap, params KeyValuePair<string, string>[] more)
    {
        var settings = new Dictionary<string, string>
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
        foreach (var (key, value) in fault.Settings.Concat(more)) settings[key] = value;
        foreach (var (key, value) in withoutRemedy ? fault.WithoutRemedy : []) settings[key] = value;
        // started in the background of a script, it would ignore SIGINT
        WorkerProcess Start() => new("env", ["--default-signal=INT,QUIT", program, "worker"], settings, wrap);
        _workers.Add(Start());
        _another = () => Leaks.OfAnotherAsync(Start);
        return Worker;
    }

    /// <summary>A worker that consumes, has done a job, and is measured.</summary>
    public async Task WarmUpAsync(params KeyValuePair<string, string>[] more)
    {
        Requester.Start();
        StartWorker(more);
        await ReadyAsync(TimeSpan.FromSeconds(40));
        await CompletedAsync(await SendAsync(), TimeSpan.FromSeconds(15));
        _before = Worker.Resources();
        _over = Stopwatch.GetTimestamp();
    }

    public Task ReadyAsync(TimeSpan limit) =>
        UntilAsync("ready", limit, async () => (await Worker.ReadyAsync()).IsOk);

    public Task NotReadyAsync(TimeSpan limit) =>
        UntilAsync("unready", limit, async () => (await Worker.ReadyAsync()).Code == 503);

    public Task UnreadyAsync(string otherwise) => AnswersAsync(() => Worker.ReadyAsync(), 503, otherwise);

    public Task AliveAsync() => AnswersAsync(() => Worker.LiveAsync(), 200, "not alive");

    public async Task<SentJob> SendAsync(
        string what = "sleep", double seconds = 0, string? expected = "completed", Action<SentJob>? expect = null)
    {
        var parameters = new Dictionary<string, object> { ["do"] = what, ["seconds"] = seconds };
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["parameters"] = parameters });
        return await SendRawAsync(body, job => { job.Expected = expected; expect?.Invoke(job); });
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

    public async Task<List<SentJob>> SendManyAsync(int count, string what = "sleep", double seconds = 0)
    {
        var jobs = new List<SentJob>();
        for (var one = 0; one < count; one++) jobs.Add(await SendAsync(what, seconds));
        return jobs;
    }

    public static Task StartedAsync(SentJob job, TimeSpan limit) =>
        InTimeAsync(job.Started, $"{job.Id} has not started", limit);

    public static async Task CompletedAsync(SentJob job, TimeSpan limit)
    {
        await InTimeAsync(job.Terminal, $"{job.Id} has no terminal reply", limit);
        Check(
            job.Expected is null || job.Statuses[^1] == job.Expected,
            $"{job.Id}: {job.Statuses[^1]} ({job.Data}), {job.Expected} was expected");
    }

    /// <summary>The fault is over now; the time to recover counts from here.</summary>
    public void Over() => _over = Stopwatch.GetTimestamp();

    /// <summary>A job goes through again.</summary>
    public async Task RecoverAsync(TimeSpan limit)
    {
        await CompletedAsync(await SendAsync(), limit);
        Recovery = Stopwatch.GetElapsedTime(_over).TotalSeconds;
    }

    /// <summary>The judgement that is the same for every row.</summary>
    /// <param name="wait">How long the jobs may take from here on.</param>
    /// <param name="restarted">Another process than the one measured at the start.</param>
    public async Task CleanAsync(TimeSpan wait, bool restarted = false, int consumers = 1)
    {
        foreach (var job in Requester.Jobs.Where(one => one.Expected is not null)) await CompletedAsync(job, wait);
        await SettledAsync(consumers: consumers);
        await Task.Delay(200);

        foreach (var job in Requester.Jobs) Judge(job);
        Check(Requester.Strays.IsEmpty, $"a stray reply: {Requester.Strays.FirstOrDefault()}");
        // the broker's count of a quorum queue may be five seconds old
        var parked = Requester.Jobs.Count(job => job.IsParked);
        await UntilAsync(
            $"{parked} parked", TimeSpan.FromSeconds(10), async () => (await QueueAsync(DeadQueue)).Ready == parked);
        CheckLogs();
        if (!restarted) await Leaks.CheckAsync(_before ?? await _another(), Worker.Resources);
    }

    /// <summary>The broker has the acks of all jobs but some.</summary>
    public Task SettledAsync(int running = 0, int consumers = 1) => UntilAsync(
        "settled", TimeSpan.FromSeconds(20), async () => await QueueAsync(Queue) == (0, running, consumers),
        TimeSpan.FromMilliseconds(250));

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
        // of a quorum queue its leader's node alone knows
        var answer = await broker.EvalAsync(
            $$"""
            case rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{VHost}}">>, queue, <<"{{queue}}">>)) of
              {ok, Q} ->
                Node = case amqqueue:get_pid(Q) of {_, Leader} -> Leader; Pid -> node(Pid) end,
                case rpc:call(Node, rabbit_amqqueue, info, [Q, [messages_ready, messages_unacknowledged, consumers]]) of
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

    public static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> condition, TimeSpan? pause = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Check(Stopwatch.GetElapsedTime(began) <= limit, $"not {what} within {limit.TotalSeconds:0} s");
            await Task.Delay(pause ?? TimeSpan.FromMilliseconds(100));
        }
    }

    public Task UntilSaidAsync(string text, TimeSpan limit) =>
        UntilAsync($"said in the log, \"{text}\",", limit, () => Task.FromResult(Worker.HasLogged(text)));

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

    /// <summary>What it says at its first answer: a worker that has only just started may not listen yet.</summary>
    private static async Task AnswersAsync(Func<Task<Answer>> ask, int expected, string otherwise)
    {
        var code = 0;
        await UntilAsync("answering", TimeSpan.FromSeconds(15), async () => (code = (await ask()).Code) != 0);
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
        Check(runs <= job.Runs, $"{job.Id} ran {runs} times, {job.Runs} at most was expected");
    }

    private static async Task InTimeAsync(Task task, string otherwise, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            throw new FaultException($"{otherwise} after {limit.TotalSeconds:0} s");
        }
    }
}
