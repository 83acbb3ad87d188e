namespace ReWorker.Running;

/// <summary>The runtime's own notifications, for phases about which the step has sent none.</summary>
internal static class AutoNotification
{
    public static void Send(WorkerContext context, InFlightJob job, Phase phase, string? reason = null)
    {
        if (!context.Options.AutoNotify || job.Content is not { } content || job.HasNotified(phase)) return;
        if (content.Notify.For(phase).Count == 0) return;
        var text = $"{context.Name} {PhaseNames.For(phase)}{(reason is null ? "" : $": {reason}")}";
        var message = $"{text} (job {job.CorrelationId})";
        foreach (var notification in OutgoingMessage.Notifications(content.Notify, phase, text, message))
            job.Messages.SendInternal(notification);
    }
}
