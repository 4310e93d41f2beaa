"""One tracked run: a training, its folder, its outputs, and what later stages read of it.

::

    folder        a run's files by name, and its folder while it trains
    claims        one process at a time in a run's folder
    identity      what decides a training, as hashes
    changes       how its settings differ from the committed ones
    description   how runs are described in the tracking store
    training      a training from its first step, or an interruption, to its tracked end
    start         its state before the first step that it takes
    interruption  the signals that stop it
    report_judge  the judge of its reports, made when the first of them needs it
    trials        the call of a training that is a trial of a search
    observer      passes its events to the terminal, the tracking store and the folder
    samples       the sample tiles of its reports
    outputs       what it leaves in its folder and in the tracking store
    location      which finished training a stage reads or starts from
    lookup        a training that the tracking store alone has, by its id or a model's name
    finished      its models, history and run in the tracking store
    evaluation    its test losses and the judge's figures: files, metrics, tables
    baselines     reconstruction errors of simpler codes
    pictures      its samples, curves, weights and animation
    neighbours    digits beside their nearest training images
    coverage      generated digits furthest from real ones, and real ones least covered
    report        one page of all these
    drawing       digits that it draws on request
    exports       its models as other programs run them
    promotion     its generator as a registered model, compared with the champion
    backlog       what it kept while the tracking store was away, and sending that
"""
