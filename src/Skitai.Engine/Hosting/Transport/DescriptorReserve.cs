using System.Runtime.InteropServices;
using Skitai.Posix;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Descriptors that clients' connections may not take: the runtime aborts the process ("Out of memory") when it needs one
/// and there is none, and worker starts, logs and files need theirs. Clients wait in the kernel's queue instead.
/// </summary>
internal static class DescriptorReserve
{
    private const int Most = 64;

    /// <summary>The reserve of a process that may have so many descriptors: an eighth, at most 64.</summary>
    public static long Of(long limit) => Math.Min(Most, limit / 8);

    /// <summary>Whether a connection with this descriptor has come out of the reserve.</summary>
    public static bool IsTouchedBy(SafeHandle connection) =>
        DescriptorLimit.Current is { } limit && (long)connection.DangerousGetHandle() >= limit - Of(limit);

    /// <summary>Whether another connection would come out of the reserve.</summary>
    /// <param name="listening">Any open descriptor.</param>
    public static bool IsReached(SafeHandle listening) =>
        DescriptorLimit.Current is { } limit && !DescriptorLimit.HasFreeBelow(limit - Of(limit), listening);
}
