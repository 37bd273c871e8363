using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>Waiting for several descriptors at once.</summary>
public static class Descriptors
{
    /// <summary>Blocks this thread until one of the descriptors can be read or is at its end.</summary>
    /// <param name="handles">What to wait for; a null is left out.</param>
    /// <param name="ready">Gets true for each that can be read (an end of file can, too).</param>
    /// <exception cref="Win32Exception">A descriptor is not open.</exception>
    public static unsafe void WaitReadable(ReadOnlySpan<SafeHandle?> handles, Span<bool> ready)
    {
        var list = stackalloc Libc.PollEntry[handles.Length];
        for (var i = 0; i < handles.Length; i++)
        {
            list[i] = new Libc.PollEntry { Descriptor = handles[i] is { } handle ? (int)handle.DangerousGetHandle() : -1, Events = Libc.POLLIN };
        }

        while (Libc.poll(list, (nuint)handles.Length, -1) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                throw new Win32Exception();
            }
        }

        for (var i = 0; i < handles.Length; i++)
        {
            ready[i] = list[i].Results != 0;
        }
    }
}
