using System.Runtime.InteropServices;
using Skitai.Posix;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Descriptors that clients' connections may not take: the runtime aborts the process ("Out of memory") when it needs one
/// and there is none, and worker starts, logs and files need theirs. Clients wait in the kernel's queue instead.
/// </summary>
internal static class DescriptorReserve
{
    /// <summary>An eighth of what the process may have is kept, at most this.</summary>
    private const int Most = 64;

    /// <summary>The first descriptor of the reserve; null = there is no limit. It may change while the process runs (prlimit).</summary>
    private static long? First => DescriptorLimit.Current is { } limit ? limit - Math.Min(Most, limit / 8) : null;

    /// <summary>Whether a connection with this descriptor has come out of the reserve.</summary>
    public static bool IsTouchedBy(SafeHandle connection) =>
        First is { } first && connection.DangerousGetHandle() >= first;

    /// <summary>Whether another connection would come out of the reserve.</summary>
    /// <param name="listening">Any open descriptor.</param>
    public static bool IsReached(SafeHandle listening) =>
        First is { } first && !DescriptorLimit.HasFreeBelow(first, listening);
}
