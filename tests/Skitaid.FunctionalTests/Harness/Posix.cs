using System.Runtime.InteropServices;

namespace Skitaid.FunctionalTests.Harness;

internal static partial class Posix
{
    internal const int SigHup = 1, SigInt = 2, SigQuit = 3, SigKill = 9, SigUsr1 = 10, SigTerm = 15, SigStop = 19;

    internal static void Kill(int pid, int signal) => _ = KillNative(pid, signal);

    internal static bool IsRoot => GetEffectiveUser() == 0;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int KillNative(int pid, int signal);
}
