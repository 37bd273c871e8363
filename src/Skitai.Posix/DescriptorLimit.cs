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
}
