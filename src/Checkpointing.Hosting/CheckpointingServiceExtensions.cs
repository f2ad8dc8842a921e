using Checkpointing.CompletedCheckpoints;
using Checkpointing.Hosting.GenericHost;
using Checkpointing.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Checkpointing.Hosting;

/// <summary>Jobs as services of a container.</summary>
public static class CheckpointingServiceExtensions
{
    /// <summary>Runs jobs for as long as the application runs: by name, each from its own newest checkpoint.</summary>
    /// <remarks>
    /// <para>Settings are checked when the application starts: one that will not do stops the start, and is named as it
    /// was written. A key that is no setting is named in a warning.</para>
    /// <para>A service gets at <see cref="JobRegistry"/>, <see cref="InProcessHost"/> (to run further jobs) and the
    /// components. The container's <see cref="TimeProvider"/> and <see cref="IdSource"/> are used if it has
    /// them.</para>
    /// </remarks>
    /// <param name="services">Of the application.</param>
    /// <param name="configuration">Section with settings, as a rule <c>Checkpointing</c>; null: code sets all.</param>
    /// <returns>Says what to run.</returns>
    /// <exception cref="InvalidOperationException">It was called for these services before.</exception>
    public static CheckpointingBuilder AddCheckpointing(
        this IServiceCollection services, IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(CheckpointingBuilder)))
        {
            throw new InvalidOperationException(
                "AddCheckpointing was called before: add all jobs to the builder that it returned.");
        }

        var builder = new CheckpointingBuilder(services, configuration);
        services.AddSingleton(builder);
        services.AddOptions<ServiceSettings>().ValidateOnStart();
        services.AddSingleton<IConfigureOptions<ServiceSettings>, ServiceSettingsSetup>();
        services.AddSingleton<IValidateOptions<ServiceSettings>, ServiceSettingsSetup>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(IdSource.System);
        services.AddSingleton<ContainerContext>();
        services.AddSingleton(static provider =>
            (provider.GetRequiredService<CheckpointingBuilder>().MakeStorage
                ?? throw new InvalidOperationException(ServiceSettingsSetup.NoStorage))(
                    provider.GetRequiredService<ContainerContext>()));
        services.AddSingleton(static provider =>
            provider.GetRequiredService<CheckpointingBuilder>().MakeBackend(
                provider.GetRequiredService<ContainerContext>()));
        services.AddSingleton(static provider =>
            provider.GetRequiredService<CheckpointingBuilder>().MakeRegister is { } make
                ? make(provider.GetRequiredService<ContainerContext>())
                : new StorageCheckpointRegister(provider.GetRequiredService<ICheckpointStorage>()));
        services.AddSingleton(static provider => HostOf(provider));
        services.AddSingleton(static provider => provider.GetRequiredService<InProcessHost>().Jobs);
        services.AddSingleton<IHostedService, JobService>();
        return builder;
    }

    private static InProcessHost HostOf(IServiceProvider provider)
    {
        // Settings first: what is wrong with them is told before a component is made.
        var settings = provider.GetRequiredService<IOptions<ServiceSettings>>().Value;
        var context = provider.GetRequiredService<ContainerContext>();
        var host = new InProcessHostBuilder(provider.GetRequiredService<ICheckpointStorage>())
            .WithBackend(provider.GetRequiredService<State.IKeyedStateBackendFactory>())
            .WithRegister(provider.GetRequiredService<ICheckpointRegister>())
            .WithOptions(settings.Host)
            .WithLoggerFactory(context.LoggerFactory)
            .WithTimeProvider(context.TimeProvider)
            .WithIdSource(context.Ids);
        return (context.MeterFactory is { } meterFactory ? host.WithMeterFactory(meterFactory) : host).Build();
    }
}
