using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>The line that the log has about a broker that can't be reached or used.</summary>
public sealed class BrokerFaultTests
{
    private const string Rejected = "the broker rejected the user name or password";

    private static readonly SocketException Refused = new((int)SocketError.ConnectionRefused);

    [Fact]
    public void Describe_SeveralAddresses_PrefersTheErrorOfTheBrokerThatAnswered()
    {
        var unreachable = new ConnectFailureException("connection failed", Refused);
        var rejected = new AuthenticationFailureException("ACCESS_REFUSED");

        Assert.Equal(Rejected, Describe(unreachable, rejected));
        Assert.Equal(Rejected, Describe(rejected, unreachable));
        Assert.Equal("Connection refused", Describe(unreachable, unreachable));
    }

    [Fact]
    public void Describe_OnlyUnreachableAddresses_TakesTheFirst()
    {
        var timedOut = new SocketException((int)SocketError.TimedOut);

        Assert.Equal("Connection refused", Describe(
            new ConnectFailureException("failed", Refused), new ConnectFailureException("failed", timedOut)));
    }

    [Fact]
    public void Describe_Credentials_SaysThatTheyWereRejected()
    {
        Assert.Equal(Rejected, BrokerFault.Describe(new AuthenticationFailureException("ACCESS_REFUSED")));
        Assert.Equal(Rejected, BrokerFault.Describe(new PossibleAuthenticationFailureException("possibly")));
    }

    [Theory]
    [InlineData("Cannot determine the frame size or a corrupted frame was received.",
        "TLS failed: the other side does not speak TLS")]
    [InlineData("the broker sent no certificate", "TLS failed: the broker sent no certificate")]
    public void Describe_TlsFails_SaysWhy(string message, string expected) =>
        Assert.Equal(expected, Describe(new AuthenticationException(message)));

    [Fact]
    public void Describe_TheBrokerClosed_GivesItsText()
    {
        var closed = new ShutdownEventArgs(ShutdownInitiator.Peer, 530, "NOT_ALLOWED - vhost x not found");

        Assert.Equal("NOT_ALLOWED - vhost x not found",
            BrokerFault.Describe(new OperationInterruptedException(closed)));
    }

    [Fact]
    public void Describe_TheBrokerClosedWithoutAText_GivesTheMessage()
    {
        var error = new OperationInterruptedException(new ShutdownEventArgs(ShutdownInitiator.Peer, 541, ""));

        Assert.Equal(error.Message.ReplaceLineEndings(" "), BrokerFault.Describe(error));
        Assert.NotEqual("", BrokerFault.Describe(error));
    }

    [Fact]
    public void Describe_Another_IsOnOneLine()
    {
        Assert.Equal("first second", BrokerFault.Describe(new IOException("first\nsecond")));
        var unreachable = new BrokerUnreachableException(null!);
        Assert.Equal(unreachable.Message, BrokerFault.Describe(unreachable));
        Assert.Equal("failed", BrokerFault.Describe(new ConnectFailureException("failed", null!)));
    }

    [Fact]
    public void IsAuthenticationFailure_AtAnyDepth_IsTrue()
    {
        Exception rejected = new AuthenticationFailureException("ACCESS_REFUSED");

        Assert.True(BrokerFault.IsAuthenticationFailure(rejected));
        Assert.True(BrokerFault.IsAuthenticationFailure(new PossibleAuthenticationFailureException("possibly")));
        Assert.True(BrokerFault.IsAuthenticationFailure(
            new BrokerUnreachableException(new AggregateException(rejected))));
        Assert.True(BrokerFault.IsAuthenticationFailure(new BrokerUnreachableException(
            new AggregateException(new ConnectFailureException("failed", Refused), rejected))));
        Assert.False(BrokerFault.IsAuthenticationFailure(new ConnectFailureException("failed", Refused)));
        Assert.False(BrokerFault.IsAuthenticationFailure(new IOException("broken pipe")));
    }

    private static string Describe(params Exception[] perAddress) =>
        BrokerFault.Describe(new BrokerUnreachableException(new AggregateException(perAddress)));
}
