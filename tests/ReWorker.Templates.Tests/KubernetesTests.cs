using System.Reflection;
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

/// <summary>The manifests are valid for Kubernetes, and their numbers fit the runtime's defaults.</summary>
public sealed class KubernetesTests
{
    private const string Prefix = "Broker__";

    private static readonly WorkerOptions Defaults = new();

    private static V1Deployment Deployment => Read<V1Deployment>("step.yaml", 0);

    private static V1PodSpec Pod => Deployment.Spec.Template.Spec;

    private static V1Container Container => Assert.Single(Pod.Containers);

    private static YamlMappingNode Scaling => Documents("scaling.yaml")[0];

    /// <summary>The parser is strict: a key that Kubernetes does not know is an error.</summary>
    [Fact]
    public void Manifests_ParsedStrictly_AreValid()
    {
        Assert.Equal("my-step-1", Deployment.Metadata.Name);
        Assert.Equal("my-step-1", Read<V1PodDisruptionBudget>("step.yaml", 1).Metadata.Name);
        Assert.Equal("my-step-1", Read<V1NetworkPolicy>("network.yaml", 0).Metadata.Name);
        Assert.Equal("rabbitmq", Read<V1NetworkPolicy>("network.yaml", 1).Metadata.Name);
        Assert.Equal("rabbitmq", Read<V1PodDisruptionBudget>("rabbitmq.yaml", 1).Metadata.Name);
        var labels = Read<V1Namespace>("namespace.yaml", 0).Metadata.Labels;
        Assert.Equal("restricted", labels["pod-security.kubernetes.io/enforce"]);
    }

    [Fact]
    public void Kustomization_OfTheFolder_ListsEveryManifest()
    {
        var resources = (YamlSequenceNode)Documents("kustomization.yaml")[0]["resources"];
        var listed = resources.Select(resource => resource.ToString());

        var files = Directory.GetFiles(Repository.At("template", "kubernetes")).Select(file => Path.GetFileName(file)!);

        Assert.Equal(files.Order(), listed.Append("kustomization.yaml").Order());
    }

    [Fact]
    public void GracePeriod_OfThePod_ExceedsTheHostsTimeoutWhichExceedsTheDrains()
    {
        var grace = TimeSpan.FromSeconds(Pod.TerminationGracePeriodSeconds!.Value);
        var service = Documents(Repository.At("docker-compose.yml"))[0]["services"]["my-step-1"];
        var host = Host.CreateApplicationBuilder();
        host.AddWorker<NoWorker>();
        using var services = host.Services.BuildServiceProvider();
        var shutdown = services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;

        Assert.True(grace > shutdown, $"{grace} > {shutdown}");
        Assert.True(shutdown > Defaults.DrainTimeout, $"{shutdown} > {Defaults.DrainTimeout}");
        Assert.Equal($"{grace.TotalSeconds}s", service["stop_grace_period"].ToString());
    }

    [Fact]
    public void Probes_OfThePod_UseTheWorkersEndpoints()
    {
        Assert.Equal(8080, Assert.Single(Container.Ports).ContainerPort);
        var (live, ready) = (Container.LivenessProbe, Container.ReadinessProbe);
        Assert.Equal(("/health/live", "http"), (live.HttpGet.Path, live.HttpGet.Port.Value));
        Assert.Equal(("/health/ready", "http"), (ready.HttpGet.Path, ready.HttpGet.Port.Value));

        // the pod becomes unready before the drain ends, so that its readiness shows the stop
        Assert.True(ready.PeriodSeconds * ready.FailureThreshold < Defaults.DrainTimeout.TotalSeconds);
    }

    /// <summary>The namespace enforces the restricted profile, so a pod that breaks it would not start.</summary>
    [Fact]
    public void Pod_OfTheStep_MeetsTheRestrictedProfile()
    {
        Assert.True(Pod.SecurityContext.RunAsNonRoot);
        Assert.NotEqual(0, Pod.SecurityContext.RunAsUser);
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.False(Container.SecurityContext.AllowPrivilegeEscalation);
        Assert.True(Container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.Equal(["ALL"], Container.SecurityContext.Capabilities.Drop);
        Assert.Null(Container.SecurityContext.Capabilities.Add);
        Assert.All(
            Pod.Volumes, volume => Assert.True(volume.Secret is not null || volume.EmptyDir is not null, volume.Name));
        Assert.True(Pod.HostNetwork is null && Pod.HostPID is null && Pod.HostIPC is null);
    }

    /// <summary>RabbitMQ's operator creates the broker's pods. An override adds what the profile requires.</summary>
    [Fact]
    public void Pod_OfTheBroker_MeetsTheRestrictedProfile()
    {
        var pod = Documents("rabbitmq.yaml")[0]["spec"]["override"]["statefulSet"]["spec"]["template"]["spec"];
        YamlNode[] containers = [.. (YamlSequenceNode)pod["containers"], .. (YamlSequenceNode)pod["initContainers"]];

        Assert.Equal("true", pod["securityContext"]["runAsNonRoot"].ToString());
        Assert.Equal("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"].ToString());
        // the operator's names; any other name would add a container
        Assert.Equal(["rabbitmq", "setup-container"], containers.Select(container => container["name"].ToString()));
        Assert.All(containers, container =>
        {
            var context = container["securityContext"];
            Assert.Equal("false", context["allowPrivilegeEscalation"].ToString());
            Assert.Equal("ALL", context["capabilities"]["drop"][0].ToString());
        });
    }

    [Fact]
    public void Secrets_OfThePod_AreFilesNamedAfterSettings()
    {
        var mount = Container.VolumeMounts.Single(mount => mount.MountPath == "/run/secrets");
        var files = Pod.Volumes.Single(volume => volume.Name == mount.Name).Secret.Items.Select(item => item.Path);
        var variables = Container.Env.Select(variable => variable.Name)
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal));

        Assert.All(files, AssertIsASetting);
        Assert.All(variables, AssertIsASetting);
        Assert.DoesNotContain(Container.Env, variable =>
            variable.Name.Contains("Password", StringComparison.OrdinalIgnoreCase) || variable.ValueFrom is not null);

        static void AssertIsASetting(string name) =>
            Assert.NotNull(typeof(BrokerOptions).GetProperty(name.Replace(Prefix, "", StringComparison.Ordinal)));
    }

    [Fact]
    public void Scaling_Configured_StopsNoWorkerThatRunsAJob()
    {
        var trigger = Scaling["spec"]["triggers"][0]["metadata"];

        var behavior = Scaling["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"];
        Assert.Equal("Disabled", behavior["scaleDown"]["selectPolicy"].ToString());
        Assert.Equal("http", trigger["protocol"].ToString()); // over amqp, KEDA does not see unacknowledged jobs
        Assert.False(((YamlMappingNode)trigger).Children.ContainsKey("excludeUnacknowledged"));
        Assert.Null(Deployment.Spec.Replicas); // only KEDA sets the number of replicas
    }

    [Fact]
    public void Scaling_Threshold_IsThePrefetchOfOneWorker()
    {
        var prefetch = typeof(WorkerOptions)
            .GetProperty("EffectivePrefetch", BindingFlags.NonPublic | BindingFlags.Instance)!
            .GetValue(Defaults);
        var trigger = Scaling["spec"]["triggers"][0]["metadata"];

        Assert.Equal($"{prefetch}", trigger["value"].ToString());
        Assert.Equal("worker.my-step-1", trigger["queueName"].ToString());
    }

    private static T Read<T>(string file, int document)
    {
        var documents = File.ReadAllText(Repository.At("template", "kubernetes", file)).Split("\n---\n");
        return KubernetesYaml.Deserialize<T>(documents[document], strict: true);
    }

    private static List<YamlMappingNode> Documents(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(Repository.At("template", "kubernetes"), file))));
        return [.. yaml.Documents.Select(document => (YamlMappingNode)document.RootNode)];
    }

    private sealed class NoWorker : Worker
    {
        protected override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }
}
