using System.ComponentModel;

namespace Skitai.Posix;

/// <summary>A child's last defence against outliving its parent: prctl(PR_SET_PDEATHSIG).</summary>
public static class ParentDeath
{
    /// <summary>
    /// Asks the kernel to send this process a signal when its parent dies, whatever kills it. A change of user clears
    /// the wish, so ask after <see cref="Credentials.Drop"/>.
    /// </summary>
    /// <param name="signal">The signal to get.</param>
    /// <param name="parent">The parent's pid; if it is another already, the signal is sent at once.</param>
    public static void SetSignal(int signal, int parent)
    {
        if (Libc.prctl(Libc.PR_SET_PDEATHSIG, (nuint)signal, 0, 0, 0) != 0)
        {
            throw new Win32Exception();
        }

        if (Libc.getppid() != parent)
        {
            _ = Libc.kill(Environment.ProcessId, signal);
        }
    }

    /// <summary>The pid of this process's parent.</summary>
    public static int ParentId => Libc.getppid();
}
