using ReWorker.Tests.Contract;

namespace ReWorker.Tests.BadInput;

/// <summary>A broker user with full permissions who is not the sender of the jobs.</summary>
internal sealed class OtherUser : IAsyncDisposable
{
    private readonly PikaBus _bus;

    private OtherUser(PikaBus bus) => _bus = bus;

    /// <summary>The name of the user, and of the queue that <see cref="DeclareAsync"/> declares.</summary>
    public string Name { get; } = $"other-{Guid.NewGuid():n}";

    /// <summary>The setting that makes a worker connect as this user.</summary>
    public (string Key, string Value) Setting =>
        ("ConnectionStrings:rabbitmq", new UriBuilder(_bus.Amqp) { UserName = Name, Password = Name }.Uri.AbsoluteUri);

    public static async Task<OtherUser> AddAsync(PikaBus bus)
    {
        var user = new OtherUser(bus);
        await bus.AddUserAsync(user.Name, user.Name);
        return user;
    }

    /// <summary>Declares a queue and binds it to the exchange <c>re</c>, both under the user's name.</summary>
    public async Task DeclareAsync()
    {
        await _bus.DeclareAsync(Name, new { });
        await _bus.CallAsync("bind", new { name = Name, exchange = "re", key = Name });
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.DeleteAsync(Name);
        await _bus.RunRabbitmqctlAsync("delete_user", Name);
    }
}
