using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Skitai.Posix;

/// <summary>Who this process runs as, and how it becomes somebody lesser.</summary>
public static class Credentials
{
    private const int WriteAndSearch = 2 | 1; // W_OK | X_OK

    /// <summary>Whether this process has root's powers.</summary>
    public static bool IsRoot => Libc.geteuid() == 0;

    /// <summary>The number of the user whose powers this process has.</summary>
    public static uint EffectiveUser => Libc.geteuid();

    /// <summary>Looks up an account in /etc/passwd; null when there is none of that name.</summary>
    public static (uint User, uint Group)? FindUser(string name)
    {
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var fields = line.Split(':');
            if (fields.Length >= 4 && fields[0] == name && uint.TryParse(fields[2], out var user) && uint.TryParse(fields[3], out var group))
            {
                return (user, group);
            }
        }

        return null;
    }

    /// <summary>Looks up a group in /etc/group; null when there is none of that name.</summary>
    public static uint? FindGroup(string name)
    {
        foreach (var line in File.ReadLines("/etc/group"))
        {
            var fields = line.Split(':');
            if (fields.Length >= 3 && fields[0] == name && uint.TryParse(fields[2], out var group))
            {
                return group;
            }
        }

        return null;
    }

    /// <summary>Becomes another user for good, with that user's supplementary groups. All threads change together.</summary>
    /// <param name="userName">An account of /etc/passwd.</param>
    /// <param name="groupName">A group of /etc/group; null = the account's own.</param>
    /// <exception cref="ArgumentException">There is no such user or group.</exception>
    /// <exception cref="Win32Exception">Not permitted: not started as root.</exception>
    public static void Drop(string userName, string? groupName)
    {
        var (user, primary) = FindUser(userName) ?? throw new ArgumentException($"no user '{userName}' on this machine", nameof(userName));
        var group = groupName is null
            ? primary
            : FindGroup(groupName) ?? throw new ArgumentException($"no group '{groupName}' on this machine", nameof(groupName));
        if (Libc.initgroups(userName, group) != 0 || Libc.setgid(group) != 0 || Libc.setuid(user) != 0)
        {
            throw new Win32Exception();
        }
    }

    /// <summary>Whether this user may make files in a directory.</summary>
    public static bool MayWriteIn(string directory) => Libc.access(directory, WriteAndSearch) == 0;

    /// <summary>Gives a file or directory to another user.</summary>
    /// <param name="path">What is meant.</param>
    /// <param name="user">Whom.</param>
    /// <param name="group">The group.</param>
    /// <param name="followsLink">Whether a symbolic link stands for what it leads to: never where a lesser user could have put it.</param>
    /// <exception cref="IOException">Not permitted, or no such path.</exception>
    public static unsafe void ChangeOwner(string path, uint user, uint group, bool followsLink)
    {
        int result;
        fixed (byte* native = (byte[])[.. Encoding.UTF8.GetBytes(path), 0])
        {
            result = followsLink ? Libc.chown(native, user, group) : Libc.lchown(native, user, group);
        }

        if (result != 0)
        {
            throw new IOException($"cannot change the owner of {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }
}
