using Skitai.Engine.Hosting;

namespace Skitai.Engine.Routing;

/// <summary>The mounts of one virtual host in the order in which they are asked: longer paths first, then file order.</summary>
public sealed class MountTable
{
    private readonly Mount[] _mounts;

    /// <summary>Orders the mounts.</summary>
    /// <param name="mounts">In file order.</param>
    public MountTable(IEnumerable<Mount> mounts) => _mounts = [.. mounts.OrderByDescending(mount => mount.Prefix.Length)];

    /// <summary>Asks each mount whose path is a prefix of the request's on a segment boundary, until one answers.</summary>
    public async ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var outcome = MountOutcome.NotFound;
        foreach (var mount in _mounts)
        {
            if (!Covers(mount.Prefix, exchange.Path))
            {
                continue;
            }

            var answer = await mount.HandleAsync(exchange);
            if (answer == MountOutcome.Handled)
            {
                return answer;
            }

            if (answer == MountOutcome.MethodNotAllowed)
            {
                outcome = answer;
            }
        }

        return outcome;
    }

    private static bool Covers(string prefix, string path) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');
}
