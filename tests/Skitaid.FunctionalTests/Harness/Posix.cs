using System.Runtime.InteropServices;

namespace Skitaid.FunctionalTests.Harness;

internal static partial class Posix
{
    internal const int SigHup = 1, SigInt = 2, SigQuit = 3, SigKill = 9, SigUsr1 = 10, SigTerm = 15, SigStop = 19;

    internal static void Kill(int pid, int signal) => _ = KillNative(pid, signal);

    internal static bool IsRoot => GetEffectiveUser() == 0;

    /// <summary>Sets how many descriptors a process may have open, below its hard limit.</summary>
    internal static unsafe bool LimitDescriptors(int pid, int most)
    {
        const int NumberOfFiles = 7;
        var limit = stackalloc ulong[2];
        if (LimitNative(pid, NumberOfFiles, null, limit) != 0)
        {
            return false;
        }

        limit[0] = (ulong)most;
        return LimitNative(pid, NumberOfFiles, limit, null) == 0;
    }

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static unsafe partial int LimitNative(int pid, int resource, ulong* wanted, ulong* before);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int KillNative(int pid, int signal);
}
