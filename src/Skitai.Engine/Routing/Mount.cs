using Skitai.Engine.Hosting;

namespace Skitai.Engine.Routing;

/// <summary>
/// Something a path is mounted on: static files, an app, a cluster. Built once when the instance starts; after
/// <see cref="StartAsync"/> it is called for many requests at once.
/// </summary>
/// <param name="path">The mount's path as the conf has it: <c>/</c>, or <c>/x</c> without a trailing slash.</param>
public abstract class Mount(string path) : IAsyncDisposable
{
    /// <summary>The path as the conf has it: <c>/</c>, or <c>/x</c> without a trailing slash.</summary>
    public string Path { get; } = path;

    /// <summary>What this mount takes off the front of a request's path: empty at the root, else <see cref="Path"/>.</summary>
    public string Prefix { get; } = path == "/" ? "" : path;

    /// <summary>Gets ready to serve. Returns when requests may come; a part that cannot work yet answers 503 by itself.</summary>
    public virtual Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>
    /// Answers the request, or passes it on. A mount that passes on has neither touched the answer nor read the body.
    /// </summary>
    /// <param name="exchange">The request; its path begins with <see cref="Prefix"/> on a segment boundary.</param>
    public abstract ValueTask<MountOutcome> HandleAsync(Exchange exchange);

    /// <summary>How the mount does now.</summary>
    public virtual MountStatus GetStatus() => new(Path, GetType().Name);

    /// <summary>Whether the mount works with something that belongs to another one, too, and must outlive it.</summary>
    public virtual bool SharesWith(Mount other) => ReferenceEquals(this, other);

    /// <summary>Completes when no request is in it; asked when none comes any more, its place in the routes being gone.</summary>
    public virtual Task WhenUnusedAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Ends at once whatever processes it has: the time for <see cref="DisposeAsync"/> is up. May be called again.</summary>
    public virtual void Kill()
    {
    }

    /// <summary>Ends what the mount started, once no request is in it any more.</summary>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
