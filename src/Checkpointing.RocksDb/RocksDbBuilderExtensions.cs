using System.Diagnostics.Metrics;
using Checkpointing.Coordination;

namespace Checkpointing.RocksDb;

/// <summary>RocksDB for every kind of host.</summary>
public static class RocksDbBuilderExtensions
{
    /// <summary>Keeps keyed state in RocksDB.</summary>
    /// <param name="builder">Of a host, or of the services of a container.</param>
    /// <param name="configure">Sets options. What the section <c>RocksDb</c> of the host's configuration holds
    /// overrides it.</param>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <returns>The builder.</returns>
    public static TBuilder UseRocksDbBackend<TBuilder>(
        this TBuilder builder, Action<RocksDbBackendOptions>? configure = null)
        where TBuilder : ICheckpointingBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.SetBackend(context =>
        {
            var options = new RocksDbBackendOptions { WorkingDirectory = "" };
            context.Configure("RocksDb", options, configure, static o => o.Validate());
            options.Meter ??= context.MeterFactory?.Create(RocksDbMetrics.MeterName);
            return new RocksDbBackendFactory(options);
        });
        return builder;
    }
}
