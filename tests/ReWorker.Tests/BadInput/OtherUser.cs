using ReWorker.Tests.Contract;

namespace ReWorker.Tests.BadInput;

/// <summary>A user of the broker's who may do everything, and is not the one who sends the jobs.</summary>
internal sealed class OtherUser : IAsyncDisposable
{
    private readonly PikaBus _bus;

    private OtherUser(PikaBus bus) => _bus = bus;

    /// <summary>The user's name; a queue of the test's may have the same.</summary>
    public string Name { get; } = $"other-{Guid.NewGuid():n}";

    /// <summary>The setting that lets a worker be this user.</summary>
    public (string Key, string Value) Setting => ("ConnectionStrings:rabbitmq", new UriBuilder(_bus.Amqp) { UserName = Name, Password = Name }.Uri.AbsoluteUri);

    public static async Task<OtherUser> AddAsync(PikaBus bus)
    {
        var user = new OtherUser(bus);
        await bus.RunRabbitmqctlAsync("add_user", user.Name, user.Name);
        await bus.RunRabbitmqctlAsync("set_permissions", user.Name, ".*", ".*", ".*");
        return user;
    }

    /// <summary>The queue, bound to the exchange of jobs.</summary>
    public async Task DeclareAsync()
    {
        await _bus.DeclareAsync(Name, new { });
        await _bus.AskAsync("bind", new { name = Name, exchange = "re", key = Name });
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.DeleteAsync(Name);
        await _bus.RunRabbitmqctlAsync("delete_user", Name);
    }
}
