using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Coordination;

/// <summary>What a component of a host is made with.</summary>
/// <remarks>Made by hosts. Used while they are made only.</remarks>
public abstract class ComponentContext
{
    /// <summary>The host's log.</summary>
    public abstract ILoggerFactory LoggerFactory { get; }

    /// <summary>The host's time.</summary>
    public abstract TimeProvider TimeProvider { get; }

    /// <summary>The host's source of ids.</summary>
    public abstract IdSource Ids { get; }

    /// <summary>Makes the meters of the host and its components, and disposes them; null: each has one that all of the
    /// process share.</summary>
    public virtual IMeterFactory? MeterFactory => null;

    /// <summary>The container; null without one.</summary>
    public abstract IServiceProvider? Services { get; }

    /// <summary>Fills settings: first by code, then from the host's configuration, if it has one and it holds them;
    /// then checks them.</summary>
    /// <param name="section">Name of their section in the configuration.</param>
    /// <param name="settings">Filled. Its properties of simple types can be configured.</param>
    /// <param name="configure">What the program sets; null: nothing.</param>
    /// <param name="validate">Throws <see cref="ArgumentException"/> for a setting that will not do; the host adds
    /// where it comes from.</param>
    /// <typeparam name="T">The options class.</typeparam>
    /// <exception cref="Exception">A setting will not do. Which type is the host's affair; the message names the
    /// setting as the user wrote it.</exception>
    public abstract void Configure<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(
        string section, T settings, Action<T>? configure, Action<T> validate)
        where T : class;
}
