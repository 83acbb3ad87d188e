namespace ReWorker.Deliveries;

/// <summary>What the broker tells about a delivery besides its properties and body.</summary>
/// <param name="ConsumerTag">The consumer that received it.</param>
/// <param name="DeliveryTag">Its number on the channel.</param>
/// <param name="Redelivered">True if the broker has delivered the message before.</param>
/// <param name="Exchange">The exchange that it was published to.</param>
/// <param name="RoutingKey">The routing key that it was published with.</param>
public readonly record struct DeliveryInfo(
    string ConsumerTag, ulong DeliveryTag, bool Redelivered, string Exchange, string RoutingKey);
