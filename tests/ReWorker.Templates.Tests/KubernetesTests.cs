using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ReWorker;
using ReWorker.Hosting;
using ReWorker.Tools.Hosting;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using YamlDotNet.RepresentationModel;
using k8s;
using k8s.Models;

namespace ReWorker.Templates.Tests;

/// <summary>The manifests: as Kubernetes has its types, and with numbers that fit those of the runtime.</summary>
public sealed class KubernetesTests
{
    private static readonly WorkerOptions Defaults = new();

    private static V1Deployment Deployment => Read<V1Deployment>("step.yaml", 0);

    private static V1PodSpec Pod => Deployment.Spec.Template.Spec;

    private static V1Container Container => Assert.Single(Pod.Containers);

    private static YamlMappingNode Scaling => Documents("scaling.yaml")[0];

    /// <summary>Any key that Kubernetes does not know is an error.</summary>
    [Fact]
    public void Manifests_AreOfTheirKinds()
    {
        Assert.Equal("my-step-1", Deployment.Metadata.Name);
        Assert.Equal("my-step-1", Read<V1PodDisruptionBudget>("step.yaml", 1).Metadata.Name);
        Assert.Equal("my-step-1", Read<V1NetworkPolicy>("network.yaml", 0).Metadata.Name);
        Assert.Equal("rabbitmq", Read<V1NetworkPolicy>("network.yaml", 1).Metadata.Name);
        Assert.Equal("rabbitmq", Read<V1PodDisruptionBudget>("rabbitmq.yaml", 1).Metadata.Name);
        Assert.Equal("restricted", Read<V1Namespace>("namespace.yaml", 0).Metadata.Labels["pod-security.kubernetes.io/enforce"]);
    }

    [Fact]
    public void Manifests_AreAllListed()
    {
        var listed = ((YamlSequenceNode)Documents("kustomization.yaml")[0]["resources"]).Select(one => one.ToString());

        var files = Directory.GetFiles(Repository.At("template", "kubernetes")).Select(file => Path.GetFileName(file)!);

        Assert.Equal(files.Order(), listed.Append("kustomization.yaml").Order());
    }

    [Fact]
    public void Stop_GraceIsLongerThanTheHosts_AndThatThanTheDrain()
    {
        var grace = TimeSpan.FromSeconds(Pod.TerminationGracePeriodSeconds!.Value);
        var compose = Documents(Repository.At("docker-compose.yml"))[0]["services"]["my-step-1"]["stop_grace_period"].ToString();
        var host = Host.CreateApplicationBuilder();
        host.AddWorker<NoWorker>();
        using var services = host.Services.BuildServiceProvider();
        var shutdown = services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;

        Assert.True(grace > shutdown, $"{grace} > {shutdown}");
        Assert.True(shutdown > Defaults.DrainTimeout, $"{shutdown} > {Defaults.DrainTimeout}");
        Assert.Equal($"{grace.TotalSeconds}s", compose);
    }

    [Fact]
    public void Probes_AskWhatTheWorkerServes()
    {
        Assert.Equal(8080, Assert.Single(Container.Ports).ContainerPort);
        Assert.Equal(("/health/live", "http"), (Container.LivenessProbe.HttpGet.Path, Container.LivenessProbe.HttpGet.Port.Value));
        Assert.Equal(("/health/ready", "http"), (Container.ReadinessProbe.HttpGet.Path, Container.ReadinessProbe.HttpGet.Port.Value));

        // readiness is over before a drain is: whoever watches it sees the stop
        Assert.True(Container.ReadinessProbe.PeriodSeconds * Container.ReadinessProbe.FailureThreshold < Defaults.DrainTimeout.TotalSeconds);
    }

    /// <summary>What the profile demands, so that the namespace's label refuses nothing of ours.</summary>
    [Fact]
    public void Pod_KeepsToTheRestrictedProfile()
    {
        Assert.True(Pod.SecurityContext.RunAsNonRoot);
        Assert.NotEqual(0, Pod.SecurityContext.RunAsUser);
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.False(Container.SecurityContext.AllowPrivilegeEscalation);
        Assert.True(Container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.Equal(["ALL"], Container.SecurityContext.Capabilities.Drop);
        Assert.Null(Container.SecurityContext.Capabilities.Add);
        Assert.All(Pod.Volumes, volume => Assert.True(volume.Secret is not null || volume.EmptyDir is not null, volume.Name));
        Assert.True(Pod.HostNetwork is null && Pod.HostPID is null && Pod.HostIPC is null);
    }

    /// <summary>The operator makes the broker's pods, in the same namespace: what it leaves out is laid over them.</summary>
    [Fact]
    public void Broker_KeepsToTheRestrictedProfile()
    {
        var pod = Documents("rabbitmq.yaml")[0]["spec"]["override"]["statefulSet"]["spec"]["template"]["spec"];
        var containers = ((YamlSequenceNode)pod["containers"]).Concat((YamlSequenceNode)pod["initContainers"]).ToArray();

        Assert.Equal("true", pod["securityContext"]["runAsNonRoot"].ToString());
        Assert.Equal("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"].ToString());
        Assert.Equal(["rabbitmq", "setup-container"], containers.Select(one => one["name"].ToString())); // the operator's names: others would be containers of their own
        Assert.All(containers, one => Assert.Equal("false", one["securityContext"]["allowPrivilegeEscalation"].ToString()));
        Assert.All(containers, one => Assert.Equal("ALL", one["securityContext"]["capabilities"]["drop"][0].ToString()));
    }

    [Fact]
    public void Secrets_AreFilesWithTheNamesOfSettings()
    {
        var mount = Container.VolumeMounts.Single(one => one.MountPath == "/run/secrets");
        var files = Pod.Volumes.Single(one => one.Name == mount.Name).Secret.Items.Select(item => item.Path);

        Assert.All(files, file => Assert.NotNull(typeof(BrokerOptions).GetProperty(file.Replace("Broker__", "", StringComparison.Ordinal))));
        Assert.DoesNotContain(Container.Env, one => one.Name.Contains("Password", StringComparison.OrdinalIgnoreCase) || one.ValueFrom is not null);
        Assert.All(Container.Env.Where(one => one.Name.StartsWith("Broker__", StringComparison.Ordinal)), one => Assert.NotNull(typeof(BrokerOptions).GetProperty(one.Name["Broker__".Length..])));
    }

    [Fact]
    public void Scaling_TakesNoWorkerThatRunsAJob()
    {
        var trigger = Scaling["spec"]["triggers"][0]["metadata"];

        Assert.Equal("Disabled", Scaling["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]["selectPolicy"].ToString());
        Assert.Equal("http", trigger["protocol"].ToString()); // amqp does not count what runs
        Assert.False(((YamlMappingNode)trigger).Children.ContainsKey("excludeUnacknowledged"));
        Assert.Null(Deployment.Spec.Replicas); // two who set them would fight
    }

    [Fact]
    public void Scaling_CountsTheJobsThatOneWorkerFetches()
    {
        var prefetch = typeof(WorkerOptions).GetProperty("EffectivePrefetch", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(Defaults);

        Assert.Equal($"{prefetch}", Scaling["spec"]["triggers"][0]["metadata"]["value"].ToString());
        Assert.Equal("worker.my-step-1", Scaling["spec"]["triggers"][0]["metadata"]["queueName"].ToString());
    }

    private static T Read<T>(string file, int document) =>
        KubernetesYaml.Deserialize<T>(File.ReadAllText(Repository.At("template", "kubernetes", file)).Split("\n---\n")[document], strict: true);

    private static List<YamlMappingNode> Documents(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(Repository.At("template", "kubernetes"), file))));
        return [.. yaml.Documents.Select(one => (YamlMappingNode)one.RootNode)];
    }

    private sealed class NoWorker : Worker
    {
        protected override Task<object?> ProcessAsync(Job job, CancellationToken cancel) => Task.FromResult<object?>(null);
    }
}
