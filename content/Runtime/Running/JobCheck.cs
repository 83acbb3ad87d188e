namespace ReWorker.Running;

/// <summary>Finds everything that can be wrong with a job before the step's code sees it.</summary>
internal sealed class JobCheck(WorkerContext context)
{
    private readonly WorkerOptions _options = context.Options;

    /// <summary>Reads the body and binds the parameters. Returns how the job ends; null if it may run.</summary>
    public Outcome? Run(InFlightJob inFlight, out Job? job)
    {
        job = null;
        var delivery = inFlight.Delivery;
        if (inFlight.Attempt > _options.MaxAttempts)
        {
            var reason = $"gave up after {inFlight.Attempt - 1} attempts: its worker died or lost it each time";
            return Outcome.Invalid(new JobError(reason, park: true));
        }
        // output must stay where it is in its queue, or later lines would overtake it
        var mustBeCounted = inFlight.WasRedelivered && !DeliveryCount.IsCountedByBroker(delivery.Properties);
        if (mustBeCounted && context.Worker.SendsReplies) return Outcome.Republished;

        if (delivery.ReadText(HeaderNames.Unreadable) is { } problem)
            return Outcome.Invalid(new JobError($"the message's headers can't be read: {problem}", park: true));
        var error = JobReader.TryRead(delivery.Body, _options.MaxBodyBytes, out var content);
        if (error is not null) return Outcome.Invalid(error);
        inFlight.Content = content;
        inFlight.Output = new JobOutput(
            inFlight.Messages, _options.OutputLevel, context.Instruments.DroppedLines, inFlight.Cancellation.Token);
        // RabbitMQ 4.3 does not count the jobs of a cluster node that is lost, so the count alone is not enough
        if (_options.OnRedelivery is OnRedelivery.Fail && (inFlight.Attempt > 1 || inFlight.WasRedelivered))
        {
            return Outcome.Invalid(new JobError(
                "another worker had the job and did not finish it, and this step must not run twice "
                + "(Worker:OnRedelivery is Fail)"));
        }

        var errors = new List<JobError>();
        CheckDynamic(content!, errors);
        job = context.Worker.Bind(inFlight, errors);
        return errors.Count > 0 ? Outcome.Invalid(errors) : null;
    }

    private void CheckDynamic(JobContent content, List<JobError> errors)
    {
        var required = context.Worker.Dynamic;
        if (required.All(content.Dynamic.ContainsKey)) return;
        var missing = string.Join(", ", required.Where(name => !content.Dynamic.ContainsKey(name)));
        errors.Add(new($"dynamic values missing: {missing}; required: {string.Join(", ", required)}"));
    }
}
