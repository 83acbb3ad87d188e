using System.Text.Json.Nodes;
using My.Step_1.Tests;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>
/// A job that the broker rejects is found among those sent with it. Runs alone, since it changes the broker's limit.
/// </summary>
[Collection("alone")]
public sealed class RejectedJobTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private const int Limit = 1_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_JobLargerThanTheBrokerAllows_IsRejectedAndTheOthersComplete()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());
        await using var client = new JobClient(broker.Amqp.AbsoluteUri);
        var before = (await EvalAsync("element(2, application:get_env(rabbit, max_message_size)).")).Trim();
        await SetLimitAsync($"{Limit}");
        try
        {
            var sizes = Enumerable.Range(0, 20).Select(i => i == 7 ? Limit : 10);
            var answers = await Task.WhenAll(sizes.Select(size => RunAsync(client, worker.Queue, size)));

            Assert.Matches("^the broker rejected the job: PRECONDITION_FAILED", answers[7]);
            Assert.All(answers.Where((_, i) => i != 7), answer => Assert.Equal("completed", answer));
        }
        finally
        {
            await SetLimitAsync(before);
        }
    }

    [Fact]
    public async Task RunAsync_UserWithoutTheRightToSend_IsRejected()
    {
        var user = $"reader-{Guid.NewGuid():n}";
        await broker.RunRabbitmqctlAsync("add_user", user, user);
        await broker.RunRabbitmqctlAsync("set_permissions", user, "^reply", "^reply", ".*");
        var uri = new UriBuilder(broker.Amqp) { UserName = user, Password = user }.Uri;
        await using var client = new JobClient(uri.AbsoluteUri);

        var answer = await RunAsync(client, "any", 10);

        Assert.Matches("^the broker rejected the job: ACCESS_REFUSED", answer);
        await broker.RunRabbitmqctlAsync("delete_user", user);
    }

    private static async Task<string> RunAsync(JobClient client, string queue, int size)
    {
        var parameters = new JsonObject { ["text"] = new string('x', size) };
        var job = new JobRequest { Queue = queue, Parameters = parameters, Timeout = TimeSpan.FromSeconds(60) };
        try
        {
            await client.RunAsync(job, Cancel);
            return "completed";
        }
        catch (JobNotDeliveredException e)
        {
            return e.Message;
        }
    }

    /// <summary>Up to 3.10, RabbitMQ reads the application's variable; newer ones read the term.</summary>
    private Task<string> SetLimitAsync(string bytes) => EvalAsync(
        $"application:set_env(rabbit, max_message_size, {bytes}), persistent_term:put(max_message_size, {bytes}).");

    private Task<string> EvalAsync(string erlang) => broker.RunRabbitmqctlAsync("eval", erlang);
}
