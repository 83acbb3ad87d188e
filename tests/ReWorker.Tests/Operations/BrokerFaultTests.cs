using System.Net.Sockets;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>The line that the log has about a broker that can't be reached.</summary>
public sealed class BrokerFaultTests
{
    [Fact]
    public void Describe_SeveralAddresses_PrefersTheErrorOfTheBrokerThatAnswered()
    {
        var socketError = new SocketException((int)SocketError.ConnectionRefused);
        var unreachable = new ConnectFailureException("connection failed", socketError);
        var rejected = new AuthenticationFailureException("ACCESS_REFUSED");

        var one = Describe(unreachable, rejected);
        var none = Describe(unreachable, unreachable);

        Assert.Equal("the broker rejected the user name or password", one);
        Assert.Equal("Connection refused", none);
    }

    private static string Describe(params Exception[] perAddress) =>
        BrokerFault.Describe(new BrokerUnreachableException(new AggregateException(perAddress)));
}
