using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitai.Posix;

namespace Skitaid.Supervision;

/// <summary>Looks whether the directories of logs and state could be made and written to. Makes nothing.</summary>
internal static class PlaceCheck
{
    /// <summary>What is wrong with the places that skitaid.conf names: errors for everybody, warnings for this user.</summary>
    /// <param name="daemon">What the conf says.</param>
    /// <param name="log">Whether log_path counts; false = it is given on the command line.</param>
    /// <param name="var">Whether var_path counts.</param>
    public static (IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings) Look(DaemonSettings daemon, bool log, bool var)
    {
        List<string> errors = [], warnings = [];
        if (log)
        {
            Look(daemon.LogPath, "log_path", daemon.LogPathLine);
        }

        if (var)
        {
            Look(daemon.VarPath, "var_path", daemon.VarPathLine);
        }

        return (errors, warnings);

        void Look(string path, string key, int line)
        {
            var there = path;
            while (!Path.Exists(there) && Path.GetDirectoryName(there) is { } above)
            {
                there = above;
            }

            if (!Directory.Exists(there))
            {
                errors.Add(Say(there == path ? "is not a directory" : $"cannot be made: '{there}' is not a directory"));
            }
            else if (!Credentials.MayWriteIn(there))
            {
                warnings.Add(Say(there == path ? "this user may not write there" : $"this user may not make it in '{there}'"));
            }

            string Say(string problem) => new ConfError("skitaid.conf", line, $"[global] {key}: '{path}': {problem}").ToString();
        }
    }
}
