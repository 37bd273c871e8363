using Skitai.Engine.Hosting;

namespace Skitai.Engine.Routing;

/// <summary>The mounts of one virtual host in the order in which they are asked: longer paths first, then file order.</summary>
public sealed class MountTable
{
    private readonly Mount[] _mounts;
    private readonly string[] _prefixes;

    /// <summary>Orders the mounts.</summary>
    /// <param name="mounts">In file order.</param>
    public MountTable(IEnumerable<Mount> mounts)
    {
        _mounts = [.. mounts.OrderByDescending(mount => mount.Prefix.Length)];
        _prefixes = [.. _mounts.Select(mount => mount.Prefix)];
    }

    /// <summary>In the order in which they are asked.</summary>
    internal IReadOnlyList<Mount> Mounts => _mounts;

    /// <summary>Asks each mount whose path is a prefix of the request's on a segment boundary, until one answers.</summary>
    public ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return AskFromAsync(0, exchange, MountOutcome.NotFound);
    }

    private ValueTask<MountOutcome> AskFromAsync(int index, Exchange exchange, MountOutcome outcome)
    {
        var path = exchange.Path;
        for (; index < _prefixes.Length; index++)
        {
            if (!Covers(_prefixes[index], path))
            {
                continue;
            }

            var asked = _mounts[index].HandleAsync(exchange);
            if (!asked.IsCompletedSuccessfully)
            {
                return AwaitAsync(asked, index, exchange, outcome);
            }

            var answer = asked.Result;
            if (answer == MountOutcome.Handled)
            {
                return new ValueTask<MountOutcome>(answer);
            }

            if (answer == MountOutcome.MethodNotAllowed)
            {
                outcome = answer;
            }
        }

        return new ValueTask<MountOutcome>(outcome);
    }

    private async ValueTask<MountOutcome> AwaitAsync(ValueTask<MountOutcome> asked, int index, Exchange exchange, MountOutcome outcome)
    {
        var answer = await asked;
        return answer == MountOutcome.Handled
            ? answer
            : await AskFromAsync(index + 1, exchange, answer == MountOutcome.MethodNotAllowed ? answer : outcome);
    }

    /// <summary>Whether a mount's prefix begins a path, on a segment boundary.</summary>
    internal static bool Covers(string prefix, string path) =>
        path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/');
}
