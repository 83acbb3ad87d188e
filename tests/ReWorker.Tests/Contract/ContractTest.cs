using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What the tests of the contract have in common: a worker that does as told, and a requester on pika.</summary>
public abstract class ContractTest(PikaBus bus) : IClassFixture<PikaBus>
{
    /// <summary>A job as the FSM sends it.</summary>
    protected const string Fsm =
        """
        {"group":"megafrobber","parameters":{"command":"frob","subcommand":"Restart","hosts":["a.example.com"],"service":"frobd"},
         "dynamic":{"cart":"bitmath","environment":"dev"},
         "notify":{"started":{"irc":["#ops"]},"completed":{"email":["a@example.com","b@example.com"]},"failed":{"irc":["#ops"],"email":["ops@example.com"]}}}
        """;

    protected PikaBus Bus => bus;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static Task<object?> Nothing => Task.FromResult<object?>(null);

    protected Task<RunningWorker> StartAsync(Func<Job, object?> code, params (string Key, string Value)[] settings) =>
        RunningWorker.StartAsync(bus, (job, _) => Task.FromResult(code(job)), Cancel, settings);

    protected Task<RunningWorker> StartAsync(Func<Job, CancellationToken, Task<object?>> code, params (string Key, string Value)[] settings) =>
        RunningWorker.StartAsync(bus, code, Cancel, settings);

    protected static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 600, "it did not come true in time");
            await Task.Delay(25, Cancel);
        }
    }
}
