namespace Checkpointing.Hosting.GenericHost;

/// <summary>A job that the services of a container run.</summary>
/// <param name="Name">Its identity.</param>
/// <param name="Define">Defines it.</param>
/// <param name="Configure">What the program sets for it.</param>
internal sealed record JobRegistration(
    JobId Name, Func<IServiceProvider, StreamJob> Define, Action<HostedJobOptions>? Configure);
