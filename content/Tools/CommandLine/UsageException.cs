using ReWorker.Wire.Connections;

namespace ReWorker.Tools.CommandLine;

/// <summary>What was asked for can't be done as it was asked: one line that names the thing and the way out.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The broker can't be reached.</summary>
internal sealed class NoBrokerException(string address, Exception why)
    : Exception($"{address}: {BrokerFault.Describe(why)}; {Advice(why)}", why)
{
    /// <summary>A broker that refuses is there: to look for it would mislead.</summary>
    private static string Advice(Exception why) => BrokerFault.IsAuthenticationFailure(why)
        ? "Broker:User and Broker:Password, or ConnectionStrings:rabbitmq, say who asks"
        : "is the broker running there? Broker:Server or ConnectionStrings:rabbitmq says where it is";
}
