using System.Security.Authentication;
using RabbitMQ.Client.Exceptions;

namespace ReWorker.Wire.Connections;

/// <summary>What went wrong with the broker, in one line.</summary>
internal static class BrokerFault
{
    /// <summary>The innermost reason: the client wraps "connection refused" in "none of the endpoints were reachable".</summary>
    public static string Describe(Exception e) => e switch
    {
        // one for each address; what a broker says tells more than that nothing listens
        AggregateException { InnerExceptions: { Count: > 0 } each } => Describe(each.FirstOrDefault(one => one is not ConnectFailureException) ?? each[0]),
        BrokerUnreachableException { InnerException: { } inner } => Describe(inner),
        ConnectFailureException { InnerException: { } inner } => Describe(inner),
        AuthenticationFailureException or PossibleAuthenticationFailureException => "the broker refuses the user name or the password",
        AuthenticationException tls => $"no TLS: {(tls.Message.Contains("frame", StringComparison.Ordinal) ? "what answers there does not speak it" : tls.Message)}",
        OperationInterruptedException { ShutdownReason.ReplyText: { Length: > 0 } text } => text,
        _ => e.Message.ReplaceLineEndings(" "),
    };

    /// <summary>True if a broker answered and does not know the user, or not the password.</summary>
    public static bool IsAuthenticationFailure(Exception e) =>
        e is AuthenticationFailureException or PossibleAuthenticationFailureException || (e.InnerException is { } inner && IsAuthenticationFailure(inner));
}
