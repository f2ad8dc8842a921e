using Checkpointing.Coordination;

namespace Checkpointing.ZooKeeper;

/// <summary>ZooKeeper for every kind of host.</summary>
public static class ZooKeeperBuilderExtensions
{
    /// <summary>Keeps the list of completed checkpoints in ZooKeeper.</summary>
    /// <param name="builder">Of a host, or of the services of a container.</param>
    /// <param name="connectionString">See <see cref="ZooKeeperOptions.ConnectionString"/>; null: it is in the host's
    /// configuration.</param>
    /// <param name="configure">Sets further options. What the section <c>ZooKeeper</c> of the host's configuration
    /// holds overrides them.</param>
    /// <typeparam name="TBuilder">The builder's type.</typeparam>
    /// <returns>The builder.</returns>
    public static TBuilder UseZooKeeperStore<TBuilder>(
        this TBuilder builder, string? connectionString = null, Action<ZooKeeperOptions>? configure = null)
        where TBuilder : ICheckpointingBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.SetRegister(context =>
        {
            var options = new ZooKeeperOptions
            {
                ConnectionString = connectionString ?? "",
                LoggerFactory = context.LoggerFactory,
                TimeProvider = context.TimeProvider,
                Ids = context.Ids,
            };
            context.Configure("ZooKeeper", options, configure, static o => o.Validate());
            return new ZooKeeperCheckpointRegister(options);
        });
        return builder;
    }
}
