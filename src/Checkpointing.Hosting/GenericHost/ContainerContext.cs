using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Checkpointing.Coordination;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>What components are made with in a container.</summary>
internal sealed class ContainerContext(CheckpointingBuilder builder, IServiceProvider services) : ComponentContext
{
    private readonly Dictionary<string, SettingsBinder> _binders = [];

    public override ILoggerFactory LoggerFactory { get; } =
        services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;

    public override TimeProvider TimeProvider { get; } = services.GetRequiredService<TimeProvider>();

    public override IdSource Ids { get; } = services.GetRequiredService<IdSource>();

    public override IMeterFactory? MeterFactory { get; } = services.GetService<IMeterFactory>();

    public override IServiceProvider Services => services;

    public override void Configure<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(
        string section, T settings, Action<T>? configure, Action<T> validate)
    {
        ArgumentNullException.ThrowIfNull(validate);
        configure?.Invoke(settings);
        if (!_binders.TryGetValue(section, out var binder))
        {
            binder = new(builder.Configuration?.GetSection(section), $"{builder.Path}:{section}");
            _binders.Add(section, binder);
        }

        binder.Bind(settings);
        if (binder.Problems.Count == 0)
        {
            try
            {
                validate(settings);
            }
            catch (ArgumentException e)
            {
                binder.Problems.Add(binder.Sentence(e));
            }
        }

        if (binder.Problems.Count > 0)
        {
            throw new OptionsValidationException(binder.Path, typeof(T), binder.Problems);
        }
    }

    /// <summary>Keys of the components' sections that are no settings, one sentence each. Call when all components are
    /// made.</summary>
    public IEnumerable<string> FindUnknownKeys() => _binders.Values.SelectMany(static b => b.FindUnknownKeys());
}
