using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>Blocking reads of pipes, several at once: .NET has no door for either.</summary>
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

    /// <summary>Reads what is there, blocking while nothing is; 0 = end of file.</summary>
    /// <exception cref="Win32Exception">The descriptor cannot be read.</exception>
    public static unsafe int Read(SafeHandle handle, Span<byte> buffer)
    {
        ArgumentNullException.ThrowIfNull(handle);
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = Libc.read((int)handle.DangerousGetHandle(), start, (nuint)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                if (Marshal.GetLastPInvokeError() != Libc.EINTR)
                {
                    throw new Win32Exception();
                }
            }
        }
    }
}
