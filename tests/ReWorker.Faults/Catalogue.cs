using ReWorker.Faults.Rows;

namespace ReWorker.Faults;

/// <summary>Every row, in the order in which they are run.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        // the broker, and the way to it
        new AbsentAtStart(), new NameDoesNotResolve(), new NameOfSeveral(), new SilentPort(), new RestartIdle(), new TcpReset(), new AllConnectionsClosed(), new HeldBothWays(),
        new ConfirmWithheld(), new ConfirmNeverComes(), new StaleDeliveries(), new LostAck(), new MemoryAlarm(), new PasswordChanged(), new ConnectionLimit(), new VHostGone(),
        // queues and replies
        new QueueDeletedIdle(), new QueueDeletedDuringAJob(), new QueueDeletedNoRight(), new OtherArguments(), new HeldExclusively(), new Tls(), new SecretRotated(),
        new NoRightOnDefaultExchange(), new ReplyQueueGone(), new ReplyQueueFull(), new ReplyRules(), new DirectReplyTo(),
        // the process
        new Sigterm(), new SignalTwice(), new SigtermWhileBlocked(), new SigtermWhileReconnecting(), new WorkerKilled(),
        new PoisonJob(), new PoisonOnClassicQueue(), new NeverTwice(), new StdoutFull(), new StdoutClosed(), new OutputDiskFull(),
        // what jobs bring, and what steps do
        new BadBodies(), new HeavyBodies(), new OddCorrelationIds(), new UnknownTag(),
        new CodeThrows(), new CodeHangs(), new CodeBlocksThePool(), new CodeHoards(), new CodeSendsTooMuch(), new ReplyTooLarge(),
        // those that take longer
        new RestartDuringAJob(), new BrokerKilled(), new ConsumerTimeoutOld(), new ConsumerTimeout43(), new ConsumerTimeoutAvoided(), new PhantomConsumer(), new NeverServed(),
        new SupervisorHangs(), new AbsentAtStartForAMinute(), new LongPauses(), new MemoryAlarmForAMinute(), new DiskAlarmAndKill(), new DeadQueueDeleted(), new ExchangeMadeAnew(), new WorkerFrozen(), new BrokerFrozen(), new HalfOpen(), new SlowLink(),
        new AllConnectionsClosedOften(), new Flapping(), new RestrictedContainer(), new LeaderKilled(), new NodeGone(), new NeverTwiceNodeGone(), new MajorityDown(),
    ];
}
