using System.Runtime.InteropServices;

namespace Skitai.Engine.Tests.Apps;

internal static partial class Descriptor
{
    /// <summary>dup(2): the engine closes the listener that it is given.</summary>
    [LibraryImport("libc", EntryPoint = "dup")]
    public static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Kill(int pid, int signal);
}
