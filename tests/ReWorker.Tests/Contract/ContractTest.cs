using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Hosting;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>Base of the contract's tests: a worker that runs the test's code, and a requester that uses pika.</summary>
public abstract class ContractTest(PikaBus bus) : ContractTest<PikaBus>(bus);

/// <inheritdoc cref="ContractTest"/>
public abstract class ContractTest<TBus>(TBus bus) : IClassFixture<TBus>
    where TBus : PikaBus
{
    /// <summary>A job body as the FSM sends it.</summary>
    protected const string Fsm =
        """
        {"group":"megafrobber",
         "parameters":{"command":"frob","subcommand":"Restart","hosts":["a.example.com"],"service":"frobd"},
         "dynamic":{"cart":"bitmath","environment":"dev"},
         "notify":{"started":{"irc":["#ops"]},
                   "completed":{"email":["a@example.com","b@example.com"]},
                   "failed":{"irc":["#ops"],"email":["ops@example.com"]}}}
        """;

    protected TBus Bus => bus;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static Task<object?> Nothing => Task.FromResult<object?>(null);

    protected Task<RunningWorker> StartAsync(Func<Job, object?> code, params (string Key, string Value)[] settings) =>
        RunningWorker.StartAsync(bus, (job, _) => Task.FromResult(code(job)), Cancel, settings);

    protected Task<RunningWorker> StartAsync(
        Func<Job, CancellationToken, Task<object?>> code, params (string Key, string Value)[] settings) =>
        RunningWorker.StartAsync(bus, code, Cancel, settings);

    /// <summary>Starts a worker whose clock is the test's.</summary>
    protected Task<RunningWorker> StartAsync(
        FakeTimeProvider time, Func<Job, CancellationToken, Task<object?>> code,
        params (string Key, string Value)[] settings) =>
        RunningWorker.StartAsync(bus, host =>
        {
            host.Services.AddSingleton<TimeProvider>(time).AddSingleton(new Frob((_, job, token) => code(job, token)));
            host.AddWorker<FrobWorker>();
        }, Cancel, [.. VirtualTime.LongTimeouts, .. settings]);

    protected static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    protected static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var watch = Stopwatch.StartNew(); !await condition();)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "the condition did not become true within 60 s");
            await Task.Delay(25, Cancel);
        }
    }
}
