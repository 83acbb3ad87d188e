using System.Net.Sockets;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>The one line that the log has of a broker that can't be reached.</summary>
public sealed class BrokerFaultTests
{
    [Fact]
    public void Words_OfSeveralAddresses_AreThoseOfTheOneThatAnswered()
    {
        var silent = new ConnectFailureException("connection failed", new SocketException((int)SocketError.ConnectionRefused));
        var answered = new AuthenticationFailureException("ACCESS_REFUSED");

        Assert.Equal("the broker rejected the user name or password", BrokerFault.Describe(new BrokerUnreachableException(new AggregateException(silent, answered))));
        Assert.Equal("Connection refused", BrokerFault.Describe(new BrokerUnreachableException(new AggregateException(silent, silent))));
    }
}
