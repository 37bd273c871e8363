using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>How many descriptors (files, sockets) this process may have open: RLIMIT_NOFILE. .NET raises it to the hard limit when it starts.</summary>
public static class DescriptorLimit
{
    /// <summary>The limit in force; null = there is none, or it cannot be asked.</summary>
    public static unsafe long? Current
    {
        get
        {
            Libc.ResourceLimit limit;
            return Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit) == 0 && limit.Current <= long.MaxValue ? (long)limit.Current : null;
        }
    }

    /// <summary>
    /// Whether a new descriptor would still have a number below <paramref name="bound"/>. The kernel hands out the lowest
    /// number that is free, so that one is tried: a descriptor is duplicated and closed at once.
    /// </summary>
    /// <param name="bound">Above 0.</param>
    /// <param name="some">Any open descriptor.</param>
    public static bool HasFreeBelow(long bound, SafeHandle some)
    {
        ArgumentNullException.ThrowIfNull(some);
        var free = Libc.fcntl((int)some.DangerousGetHandle(), Libc.F_DUPFD_CLOEXEC, 0);
        if (free < 0)
        {
            return false;
        }

        _ = Libc.close(free);
        return free < bound;
    }
}
