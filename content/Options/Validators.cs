using Microsoft.Extensions.Options;

namespace ReWorker.Options;

[OptionsValidator]
internal sealed partial class BrokerOptionsValidator : IValidateOptions<BrokerOptions>;

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;

[OptionsValidator]
internal sealed partial class OutputWorkerOptionsValidator : IValidateOptions<OutputLog.OutputWorkerOptions>;
