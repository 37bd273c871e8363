using Skitai.Posix;

namespace Skitaid.Supervision;

/// <summary>
/// A directory in which an instance writes as a lesser user, with the files in it and in its own directories, and no deeper.
/// What is in there may have been put there by that user, or by the one before: no link is followed, and a file that has
/// another name somewhere else is left alone, or root would give away what was never in it.
/// </summary>
internal static class HandedOverDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Gives it to a user. Where all directories are that user's already, only foreign files in the first one change hands.</summary>
    /// <param name="directory">It and what is above are root's to change; may be a link.</param>
    /// <param name="user">The user.</param>
    /// <param name="group">The group.</param>
    /// <exception cref="IOException">It cannot be done.</exception>
    public static void Give(string directory, uint user, uint group)
    {
        var mode = File.GetUnixFileMode(directory);
        string[] below = [.. Directory.EnumerateDirectories(directory).Where(path => PosixFile.GetOwner(path) is { Kind: FileKind.Directory } owner && owner.User != user)];
        string[] files = [.. Directory.EnumerateFiles(directory).Where(path => IsForeign(path, user))];
        if (below.Length > 0 || files.Length > 0)
        {
            // Nobody changes names in it while they are gone through.
            Credentials.ChangeOwner(directory, 0, 0, followsLink: true);
            File.SetUnixFileMode(directory, OwnerOnly);
            foreach (var path in below)
            {
                GiveOne(path, user, group);
            }

            GiveFiles(directory, user, group);
        }

        Credentials.ChangeOwner(directory, user, group, followsLink: true);
        File.SetUnixFileMode(directory, mode);
    }

    private static void GiveOne(string directory, uint user, uint group)
    {
        if (PosixFile.GetOwner(directory) is not { Kind: FileKind.Directory })
        {
            return;
        }

        Credentials.ChangeOwner(directory, 0, 0, followsLink: false);
        File.SetUnixFileMode(directory, OwnerOnly);
        GiveFiles(directory, user, group);

        // The last step: one that is interrupted is begun again the next time.
        Credentials.ChangeOwner(directory, user, group, followsLink: false);
    }

    private static void GiveFiles(string directory, uint user, uint group)
    {
        foreach (var path in Directory.EnumerateFiles(directory))
        {
            if (IsForeign(path, user))
            {
                Credentials.ChangeOwner(path, user, group, followsLink: false);
            }
        }
    }

    private static bool IsForeign(string path, uint user) =>
        PosixFile.GetOwner(path) is { Kind: FileKind.Regular, Links: 1 } owner && owner.User != user;
}
