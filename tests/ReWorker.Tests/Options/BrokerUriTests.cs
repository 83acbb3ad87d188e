using RabbitMQ.Client;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>AMQP URIs are read as their specification says, and others are rejected.</summary>
public sealed class BrokerUriTests
{
    [Theory]
    [InlineData("amqp://host", true)]
    [InlineData("amqps://host", true)]
    [InlineData("AMQP://host", true)]
    [InlineData("amqp://u:p@host:99/v", true)]
    [InlineData("amqp://[::1]", true)]
    [InlineData("", false)]
    [InlineData("host", false)]
    [InlineData("//host", false)]
    [InlineData("amqp:host", false)]
    [InlineData("amqp://", false)]
    [InlineData("amqp:///v", false)]
    [InlineData("amqps:///v", false)]
    [InlineData("amqp://host:port", false)]
    [InlineData("amqpx://host", false)]
    [InlineData("http://host", false)]
    public void IsValid_Text_IsAnAmqpUriWithAHost(string text, bool isValid) =>
        Assert.Equal(isValid, BrokerUri.IsValid(text));

    [Theory]
    [InlineData("amqp://host", "host 5672 False me pw /")]
    [InlineData("amqp://host/", "host 5672 False me pw /")]
    [InlineData("amqp://host:0/", "host 5672 False me pw /")]
    [InlineData("amqps://host", "host 5671 True me pw /")]
    [InlineData("AMQPS://host:1/v", "host 1 True me pw v")]
    [InlineData("amqps://host:5672/v", "host 5672 True me pw v")]
    [InlineData("amqp://u:p@host:99/v", "host 99 False u p v")]
    [InlineData("amqp://u@host", "host 5672 False u pw /")]
    [InlineData("amqp://:p@host", "host 5672 False me p /")]
    [InlineData("amqp://u:@host", "host 5672 False u  /")]
    [InlineData("amqp://us%3Aer:p:w@host/a%2Fb", "host 5672 False us:er p:w a/b")]
    [InlineData("amqp://u:p%40ss%2F%25@host/%2Fv", "host 5672 False u p@ss/% /v")]
    [InlineData("amqp://u:a+b@host/v%20w", "host 5672 False u a+b v w")]
    [InlineData("amqp://[::1]:1234/", "::1 1234 False me pw /")]
    public void Apply_Uri_ReplacesWhatItSays(string uri, string expected)
    {
        var factory = Factory();

        BrokerUri.Apply(uri, factory);

        Assert.Equal(expected, Describe(factory));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Apply_NoUri_ChangesNothing(string? uri)
    {
        var factory = Factory();

        BrokerUri.Apply(uri, factory);

        Assert.Equal("before 7 True me pw there", Describe(factory));
    }

    private static ConnectionFactory Factory()
    {
        var factory = new ConnectionFactory
        {
            HostName = "before", Port = 7, UserName = "me", Password = "pw", VirtualHost = "there",
        };
        factory.Ssl.Enabled = true;
        return factory;
    }

    private static string Describe(ConnectionFactory factory) =>
        $"{factory.HostName} {factory.Port} {factory.Ssl.Enabled} {factory.UserName} {factory.Password} " +
        factory.VirtualHost;
}
