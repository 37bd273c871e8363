namespace Skitaid.Commands;

/// <summary><c>skitaid --help</c>: meant to need no further page.</summary>
internal static class HelpText
{
    /// <summary>The whole text.</summary>
    public const string Text = """
        skitaid: an application server daemon for Python apps, static files and more, from plain conf files.

        usage: skitaid [options] [command]

        The daemon
          skitaid                  start in the background; returns when everything serves, or says what is wrong
          skitaid -v               start in the foreground with the log on the console (for systemd, containers)
          skitaid stop             stop now: requests in hand get 3 seconds
          skitaid shutdown         stop as soon as the requests in hand are answered (takes none any more)
          skitaid terminate        stop at once, whatever is in hand
          skitaid reload           take up changed confs: mounts that are new or changed are started, the others and
                                   their workers go on untouched. What needs a new process gets one, as by restart
          skitaid restart          renew everything, changed confs and the apps' code: for each instance a successor is
                                   started, and when it serves the old one finishes what it has in hand; no request is
                                   lost. A successor that fails is dropped and the old one goes on.
                                   --force, for both: even when an app that works now fails to load
          skitaid status           what runs: processes, requests, memory, the last error. --json: for scripts
          skitaid rotate           start new log files
          skitaid log              the last 16 KB of skitaid.log. -F: go on as it grows

        One instance (a conf in servers-enabled: NAME.conf)
          skitaid -f NAME reload | restart | shutdown | terminate | rotate | status
          skitaid -f NAME log [-s app|server|request] [-F]
          skitaid -f NAME member [@CLUSTER]            the members of its clusters and how they do. --json: for scripts
          skitaid -f NAME member @CLUSTER HOST:PORT drain | up
                                   drain: it gets no new requests, what it has in hand ends (--wait: return then). It
                                   stays drained, whatever is reloaded or restarted, until 'up' or the daemon's end
          skitaid -f NAME purge URL | 'PREFIX*' | --all
                                   have cached answers forgotten. URL is a whole one, as clients ask for it
          A conf that appears in servers-enabled is started at once, one that disappears is drained.

        Configuration
          skitaid init             install a commented config tree; never overwrites anything. --log-path and --var-path
                                   are written into it; a tree of a user's own has both inside
          skitaid test [-f NAME]   check all confs (or one) and print every error; starts nothing
          skitaid explain URL      which instance, host and mount the URL would meet, and why; starts nothing. URL may be
                                   host/path or /path: then for every instance, or -f NAME's.
                                   -X, --method METHOD [GET]; --json: for scripts

        Without any conf
          skitaid run TARGET       serve one app or directory in the foreground; TARGET is module:callable,
                                   path/module:callable or a directory
              --ip ADDRESS --port PORT         [127.0.0.1, 5000]
              --threads N --processes N        app threads per worker, worker processes [4, 1]
              --mount PATH=TARGET              serve this as well; may be repeated
              --python PROGRAM                 the interpreter, a venv's bin/python for instance
              --certfile FILE --keyfile FILE   speak https. The passphrase of an encrypted key is taken from the
                                               environment variable SKITAID_PASSPHRASE; --passphrase TEXT works, too,
                                               but other users can see it in the list of processes
              --static-max-age SECONDS         how long browsers may keep static files [300]
          skitaid demo             serve the examples of the source tree

        Options for all commands
          --etc DIR                the config tree; else $SKITAID_ETC, else /etc/skitaid
          --log-path DIR, --var-path DIR       instead of the conf's log_path (logs), var_path (pid file, control socket)
          -f, --name NAME          the instance that is meant
          -h, --help; --version

        Examples
          skitaid init --etc ~/skitaid                 make a config tree of your own
          skitaid --etc ~/skitaid test && skitaid --etc ~/skitaid
          skitaid -f example reload                    after a change of example.conf
          skitaid -f example restart                   after a change of its apps
          skitaid -f example log -s request -F         watch the requests
          skitaid -f example member @users 10.0.0.7:80 drain --wait
          skitaid -f example purge 'http://www.example.com/news/*'
          skitaid explain http://localhost:5000/x      who answers that, and why not somebody else
          skitaid run wsgiapp:app --port 5001          wsgiapp.py in this directory has 'app'
          skitaid run public --mount /api=main:app     the files of public, and at /api the app of main.py

        Signals to the daemon: TERM, INT stop (a second one: at once); QUIT shutdown; HUP restart; USR1 rotate.
        A closed terminal ends run, demo and -v.
        Exit codes: 0 done, 1 failed, 2 wrong usage or a broken conf.
        """;
}
